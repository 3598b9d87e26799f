import { failed, listed, type Outcome, ok, skipped, warning } from './finding.ts';
import { isObject, type Json, textsIn, wordFor } from './json.ts';
import { issuerOf, objectionTo, readDocument } from './resource.ts';
import type { Check, Visit } from './visit.ts';

/** Whether clients can get a token where the resource sends them (RFC 8414). */
export const AUTHORIZATION: readonly Check[] = [
  { name: 'server-metadata', title: 'Authorization server', look: readMetadata },
  { name: 'issuer', title: 'Issuer', look: ofServer(judgeIssuer) },
  { name: 'endpoints', title: 'Endpoints', look: ofServer(judgeEndpoints) },
  { name: 'pkce', title: 'PKCE', look: ofServer(judgePkce) },
  { name: 'clients', title: 'Clients', look: ofServer(judgeClients) },
  { name: 'iss', title: 'Mix-up protection', look: ofServer(judgeIss) },
  { name: 'scopes', title: 'Scopes', look: ofServer(judgeScopes) },
  { name: 'registration', title: 'Registration', look: ofServer(tryRegistration) },
];

async function readMetadata(visit: Visit): Promise<Outcome | undefined> {
  const { chart } = visit;
  if (!chart.resource) return undefined;
  const issuer = issuerOf(visit);
  if (issuer === undefined)
    return failed('the resource names no authorization_servers', 'Name the issuer there, as a list of one URL.');
  const objection = objectionTo(issuer, visit.url);
  if (objection !== undefined) return failed(objection, 'Name the issuer by the address that clients reach it at.');
  const places = placesOf(new URL(issuer));
  for (const place of places) {
    const document = await readDocument(visit, place);
    if (!isObject(document)) continue;
    chart.server = document;
    return ok(place);
  }
  return failed(
    `no metadata at ${places.join(', nor at ')}`,
    'Serve it as JSON, without a token (RFC 8414, section 3).',
  );
}

/** RFC 8414, section 3.1, and OpenID Connect Discovery, section 4. */
function placesOf({ origin, pathname }: URL): string[] {
  const path = pathname.replace(/\/$/, '');
  return [
    ...new Set([
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}/.well-known/openid-configuration${path}`,
      `${origin}${path}/.well-known/openid-configuration`,
    ]),
  ];
}

function ofServer(judge: (server: Json, visit: Visit) => Promise<Outcome> | Outcome): Check['look'] {
  return (visit) => (visit.chart.server ? judge(visit.chart.server, visit) : undefined);
}

function judgeIssuer({ issuer }: Json, visit: Visit): Outcome {
  const named = issuerOf(visit);
  if (issuer === named) return ok('it is the same in both metadata, byte for byte');
  return failed(
    `the server is ${JSON.stringify(issuer)}, and the resource names ${named}`,
    'Write it in the same way everywhere, also about a slash at its end (RFC 8414, section 3.3).',
  );
}

function judgeEndpoints(server: Json, { url }: Visit): Outcome {
  const needed = ['authorization_endpoint', 'token_endpoint'];
  const missing = needed.filter((name) => typeof server[name] !== 'string');
  if (missing.length > 0) return failed(`${listed(missing)} missing`, 'Add them to the metadata.');
  const objections = [...needed, 'registration_endpoint', 'revocation_endpoint']
    .map((name) => server[name])
    .flatMap((place) => (typeof place === 'string' ? (objectionTo(place, url) ?? []) : []));
  if (objections.length > 0)
    return failed(listed(objections), 'Name them by the address that clients reach them at (here with --public-url).');
  return ok('they are where clients can reach them');
}

function judgePkce({ code_challenge_methods_supported: methods }: Json): Outcome {
  if (textsIn(methods).includes('S256')) return ok('S256');
  return failed('S256 is not offered', 'Add code_challenge_methods_supported: ["S256"]; MCP clients insist on it.');
}

function judgeClients(server: Json): Outcome {
  const methods = textsIn(server.token_endpoint_auth_methods_supported);
  if (!methods.includes('none'))
    return failed(
      'clients without a secret are not taken',
      'Add "none" to token_endpoint_auth_methods_supported; an absent list means that a secret is needed.',
    );
  const ways = [
    ...(server.client_id_metadata_document_supported === true ? ['by a document'] : []),
    ...(typeof server.registration_endpoint === 'string' ? ['by registration'] : []),
  ];
  if (ways.length > 0) return ok(`they are known ${ways.join(' and ')}`);
  return failed(
    'nobody can become a client: neither registration_endpoint nor client_id_metadata_document_supported',
    'Offer one of them; without, a client id has to be made by hand and typed into the client.',
  );
}

function judgeIss({ authorization_response_iss_parameter_supported: isNamed }: Json): Outcome {
  if (isNamed === true) return ok('answers name the issuer');
  return warning(
    'answers are not said to name the issuer (RFC 9207)',
    'Send iss and say so; else ChatGPT takes another redirect URI for each connector, which has to be allowed.',
  );
}

function judgeScopes({ scopes_supported: scopes }: Json): Outcome {
  const personal = textsIn(scopes).filter((scope) =>
    ['openid', 'email', 'profile', 'phone', 'address'].includes(scope),
  );
  if (personal.length === 0) return ok(listed(textsIn(scopes)) || 'none are listed');
  return warning(
    `${listed(personal)} are listed`,
    'ChatGPT asks for all of OpenID that is listed; take out what the tools do not need.',
  );
}

/** As ChatGPT does, for a redirect URI that none of its connectors has. */
async function tryRegistration({ registration_endpoint: place }: Json, visit: Visit): Promise<Outcome> {
  if (typeof place !== 'string') return skipped('there is none; clients are known by documents');
  if (!visit.register) return skipped('not tried, since it leaves a client behind', 'Try it with --register.');
  const objection = objectionTo(place, visit.url);
  if (objection !== undefined) return failed(objection, 'Name it by the address that clients reach it at.');
  const body = JSON.stringify(CLIENT);
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
  const { status, messages, ms } = await visit.send({ method: 'POST', url: place, headers, body });
  const [answer] = messages.filter(isObject);
  if (status === 201 && typeof answer?.client_id === 'string') return ok('a client was registered', ms);
  if (status === 403)
    return warning('it is closed at the moment (403)', 'Open it for a new client: here with mcp-bridge pair.');
  const reason = answer?.error_description ?? answer?.error ?? 'no reason';
  return failed(
    `it answers ${status}, not 201: ${wordFor(reason)}`,
    'Register public clients with https redirect URIs (RFC 7591).',
  );
}

const CLIENT = {
  client_name: 'mcp-bridge doctor',
  redirect_uris: ['https://chatgpt.com/connector/oauth/mcp-bridge-doctor'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};
