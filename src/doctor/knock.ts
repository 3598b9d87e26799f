import { failed, type Outcome, ok, warning } from './finding.ts';
import { authorization } from './rpc.ts';
import type { Answer, Outgoing } from './send.ts';
import type { Challenge, Check, Visit } from './visit.ts';

/** What is said to somebody who comes without a token, or with a wrong one. */
export const KNOCK: readonly Check[] = [
  { name: 'answer', title: 'First answer', look: knock },
  { name: 'refusals', title: 'Without a token', look: compareRefusals },
  { name: 'challenge', title: 'Challenge', look: readChallenge },
  { name: 'wrong-token', title: 'Wrong token', look: tryWrongToken },
];

const HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };

/** What ChatGPT sends before anything else, to see whether it has to sign in; what is no message at all comes first. */
const BODIES = ['', '{}', '[]'];

async function knock(visit: Visit): Promise<Outcome> {
  const { url, address, send, chart } = visit;
  chart.isOver = true;
  const answer = await send({ method: 'POST', url: address, headers: HEADERS, body: '' });
  const obstacle =
    (await wrongTransport(answer, address, send)) ?? (await wrongRefusal(answer, visit)) ?? obstacleIn(answer, url);
  if (obstacle) return obstacle;
  chart.isOver = false;
  chart.isGuarded = answer.status === 401;
  chart.challenge = challengeOf(answer);
  return ok(chart.isGuarded ? 'a token is asked for' : 'no token is asked for', answer.ms);
}

/** Why this is not a server that could be spoken to. */
function obstacleIn({ status, headers, type }: Answer, url: URL): Outcome | undefined {
  const location = headers.get('location');
  if (status >= 300 && status < 400 && location !== null)
    return failed(`it redirects (${status}) to ${location}`, 'Clients do not follow: give them that URL.');
  if (status === 429)
    return failed('it refuses, as too many requests have come (429)', 'Wait some minutes and try again.');
  if (status === 403 || status === 421)
    return failed(
      `it refuses everybody (${status})`,
      `The server, or something before it, does not know the host name ${url.hostname}, or takes this for a robot: allow that name (here with --allowed-host), and switch bot protection off for this path. If a token is missing, answer 401.`,
    );
  if (status >= 500)
    return failed(
      `it answers ${status}`,
      'What stands at this address does not reach the server, or the server fails: see whether it runs, and its log.',
    );
  // To a body that is no message, not even the revision where 404 means an unknown method can say so for another reason.
  if (status === 404)
    return failed('there is nothing at this path (404)', 'Give the whole URL of the endpoint; mostly it ends in /mcp.');
  if (type === 'text/html' && status !== 401)
    return failed(
      `a web page answers (${status} text/html), not an MCP server`,
      'Give the whole URL of the endpoint, mostly with /mcp. If this is a page that a tunnel shows first, switch it off or take another tunnel.',
    );
  return undefined;
}

/** HTTP+SSE has another URL for POST; the SDK's servers answer 404 to one at this. */
async function wrongTransport({ status }: Answer, url: string, send: Visit['send']): Promise<Outcome | undefined> {
  if (status !== 405 && status !== 404) return undefined;
  const { type } = await send({ method: 'GET', url, headers: { Accept: 'text/event-stream' } });
  if (type === 'text/event-stream')
    return failed(
      `it takes no POST (${status}), and opens a stream for GET: this is the older HTTP+SSE`,
      'Give the URL of Streamable HTTP, which ChatGPT prefers and this examines; mostly it ends in /mcp.',
    );
  if (status === 404) return undefined;
  return failed('it takes no POST (405)', 'Give the URL of the MCP endpoint; mostly it ends in /mcp.');
}

/** Frameworks whose default it is say 403 where a token is missing. */
async function wrongRefusal({ status }: Answer, visit: Visit): Promise<Outcome | undefined> {
  const { address, token, send } = visit;
  if (status !== 403 || token === undefined) return undefined;
  const headers = { ...HEADERS, ...authorization(visit) };
  const withToken = await send({ method: 'POST', url: address, headers, body: '' });
  if (withToken.status === 401 || withToken.status === 403) return undefined;
  return failed(
    'without a token it answers 403, not 401; with it, it lets in',
    'Answer 401 with WWW-Authenticate: Bearer: to 403, clients do not sign in.',
  );
}

async function compareRefusals({ address, send, chart }: Visit): Promise<Outcome> {
  const stream = { method: 'GET', headers: { Accept: 'text/event-stream' } } as const;
  const posts = BODIES.map((body) => ({ method: 'POST', headers: HEADERS, body }) as const);
  const answers: { what: string; answer: Answer }[] = [];
  // Whether a stream is ever answered without a token needed is another check's question.
  for (const request of chart.isGuarded ? [...posts, stream] : posts)
    answers.push({ what: describe(request), answer: await send({ ...request, url: address }) });

  if (!chart.isGuarded) {
    const refused = answers.find(({ answer: { status } }) => [401, 403].includes(status) || status >= 500);
    if (!refused) return ok('every request is let in');
    return failed(
      `${refused.what} is answered ${refused.answer.status}, though the first request was let in`,
      'Ask everybody for a token or nobody, before anything of the request is looked at.',
    );
  }
  const open = answers.find(({ answer: { status } }) => status !== 401);
  if (open)
    return failed(
      `${open.what} is answered ${open.answer.status}, not 401`,
      'Ask for the token before anything of the request is looked at: ChatGPT comes with bodies that are no messages.',
    );
  const challenges = new Set(answers.map(({ answer }) => answer.headers.get('www-authenticate')));
  if (challenges.size > 1)
    return failed(
      `the challenge differs: ${[...challenges].join(' or ')}`,
      'Send the same WWW-Authenticate with every 401.',
    );
  return ok('every request gets the same 401');
}

function describe({ method, body }: Pick<Outgoing, 'method' | 'body'>): string {
  return body === undefined ? method : `${method} with ${body === '' ? 'no body' : `the body ${body}`}`;
}

async function readChallenge({ url, send, chart, token }: Visit): Promise<Outcome | undefined> {
  if (!chart.isGuarded) return undefined;
  const { challenge } = chart;
  if (!challenge)
    return failed('the 401 comes without WWW-Authenticate: Bearer', 'Add it, with resource_metadata (RFC 9728).');
  const { resource_metadata: place, scope, error } = challenge;
  if (place === undefined) return judgeBareChallenge(await isDescribed(url, send), token);
  if (!URL.canParse(place))
    return failed(`resource_metadata is no absolute URL: ${place}`, 'Name it with https:// and the host.');
  if (new URL(place).origin !== url.origin)
    return failed(
      `resource_metadata is at another origin: ${place}`,
      `Name the place by the address that clients use, ${url.origin} (here with --public-url).`,
    );
  if (error !== undefined)
    return warning(`it says ${error}, though no token came`, 'Name an error only to clients that sent a token.');
  if (scope === undefined)
    return warning('it names no scope', 'Add scope="..."; without it clients ask for all that the metadata lists.');
  return ok(`it leads to ${place}, and asks for the scope ${scope}`);
}

async function isDescribed({ origin, pathname }: URL, send: Visit['send']): Promise<boolean> {
  const path = `/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`;
  return (await send({ method: 'GET', url: origin + path })).status === 200;
}

/** A server may have static tokens and nothing else; then clients that know the token are all it wants. */
function judgeBareChallenge(isOAuth: boolean, token: string | undefined): Outcome {
  if (!isOAuth && token !== undefined)
    return warning(
      'it takes tokens, and says nowhere how to get one',
      'Clients that can be given a token may use it; ChatGPT and Claude need OAuth (here with --auth oauth).',
    );
  return failed(
    'it does not say where to learn how to get a token: resource_metadata is missing',
    'Add it to WWW-Authenticate (RFC 9728). If there are only static tokens, ChatGPT and Claude cannot be connected (here with --auth oauth).',
  );
}

async function tryWrongToken({ address, send, chart }: Visit): Promise<Outcome | undefined> {
  if (!chart.isGuarded) return undefined;
  const headers = { ...HEADERS, Authorization: 'Bearer mcp-bridge-doctor-has-no-token' };
  const answer = await send({ method: 'POST', url: address, headers, body: '{}' });
  if (answer.status !== 401)
    return failed(
      `it is answered ${answer.status}, not 401`,
      'Answer 401 to a token that is not good (any more): clients then get a new one.',
    );
  if (challengeOf(answer)?.error !== 'invalid_token')
    return warning(
      'the 401 does not say invalid_token',
      'Add error="invalid_token": clients then get a new token at once.',
    );
  return ok('it gets 401 invalid_token');
}

function challengeOf({ headers }: Answer): Challenge | undefined {
  const [, parameters] = /(?:^|,)\s*Bearer\b(.*)$/i.exec(headers.get('www-authenticate') ?? '') ?? [];
  if (parameters === undefined) return undefined;
  const pairs = parameters.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))/g);
  return Object.fromEntries(
    Array.from(pairs, ([, name = '', quoted, plain]) => [name.toLowerCase(), quoted ?? plain ?? '']),
  );
}
