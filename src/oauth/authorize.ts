import type { OAuthClient } from './client.ts';
import type { OAuthContext } from './context.ts';
import { OAuthError } from './oauth-error.ts';
import { consentPage } from './pages/consent-page.ts';
import { noticePage } from './pages/notice-page.ts';
import { requestIdOf } from './pairing.ts';
import { Parameters } from './parameters.ts';
import { describeRedirect, matchesRedirect } from './redirect-uri.ts';
import type { OAuthReply, OAuthRequest } from './reply.ts';
import { asksToReadOnly } from './scopes.ts';
import type { Transaction } from './transaction.ts';

/** `GET /authorize`: a client sends its user here, to be asked (OAuth 2.1, section 4.1.1). */
export async function askForConsent(request: OAuthRequest, context: OAuthContext): Promise<OAuthReply> {
  if (!context.pairing.isOpen) return closedPage(request);
  const parameters = new Parameters(request.query);
  const client = await findClient(parameters, context);
  const redirectUri = findRedirect(parameters, client);
  try {
    const transaction = readTransaction(parameters, { client, redirectUri }, context);
    return showConsent(transaction, client, context);
  } catch (error) {
    if (error instanceof OAuthError) return redirect(redirectUri, refusal(error, request.query), context);
    throw error;
  }
}

/** `POST /authorize`: the owner's answer. */
export async function takeConsent(request: OAuthRequest, context: OAuthContext): Promise<OAuthReply> {
  const parameters = Parameters.ofForm(request);
  const transaction = context.seal.open(parameters.optional('transaction') ?? '');
  const client = transaction && (await context.clients.find(transaction.clientId));
  if (!transaction || !client) return outdatedPage();
  const { redirectUri, state } = transaction;
  const readOnly = transaction.readOnly || parameters.optional('access') === 'read';
  if (parameters.optional('decision') === 'deny') {
    const error = new OAuthError('access_denied', 'The owner has refused');
    return redirect(redirectUri, { ...errorParameters(error), state }, context);
  }
  // A double click sends the form twice, and browsers drop the first answer: it is given again, as long as it is good.
  const before = context.codes.answerTo(request.body);
  if (before)
    return before.isWaiting ? redirect(redirectUri, { code: before.code, state }, context) : allowedPage(client);
  const problem = findProblem(transaction, parameters.optional('code'), context);
  if (problem !== undefined) return showConsent(transaction, client, context, { problem, readOnly });
  const code = context.codes.issue({ ...transaction, client, readOnly });
  context.codes.noteAnswer(request.body, code);
  context.log.info(
    `${client.name} (${describeRedirect(redirectUri)}) was allowed ${readOnly ? 'to read' : 'everything'}`,
  );
  return redirect(redirectUri, { code, state }, context);
}

/** Without a client or a place that is known to be its own, nobody is sent anywhere (OAuth 2.1, section 4.1.2.1). */
async function findClient(parameters: Parameters, { clients }: OAuthContext): Promise<OAuthClient> {
  const id = parameters.required('client_id');
  const client = await clients.find(id);
  if (client) return client;
  const way = id.startsWith('https://')
    ? howToRead(id, clients.readsDocuments)
    : 'Remove the connector in the client, and add it again while pairing is open';
  throw new OAuthError('invalid_client', `This client is not known here. ${way}`, 400);
}

function howToRead(document: string, isRead: boolean): string {
  if (isRead) return `What describes it at ${document} cannot be used, and the bridge's log says why`;
  return `It is described at ${document}, which is not fetched unless the bridge runs with --client-documents`;
}

function findRedirect(parameters: Parameters, { redirectUris }: OAuthClient): string {
  const given = parameters.optional('redirect_uri') ?? (redirectUris.length === 1 ? redirectUris[0] : undefined);
  if (given !== undefined && matchesRedirect(redirectUris, given)) return given;
  throw new OAuthError('invalid_request', 'The address that the answer is to be sent to is none of this client’s');
}

/** @throws OAuthError that is for the client to know. */
function readTransaction(
  parameters: Parameters,
  { client, redirectUri }: { client: OAuthClient; redirectUri: string },
  context: OAuthContext,
): Transaction {
  if (parameters.required('response_type') !== 'code')
    throw new OAuthError('unsupported_response_type', 'The response_type has to be code');
  return {
    clientId: client.id,
    redirectUri,
    state: parameters.optional('state'),
    challenge: readChallenge(parameters),
    resource: readResource(parameters.optional('resource'), context),
    readOnly: asksToReadOnly(parameters.optional('scope')),
  };
}

/** RFC 7636, section 4.2; `plain` is not served. */
function readChallenge(parameters: Parameters): string {
  const challenge = parameters.required('code_challenge');
  if (parameters.required('code_challenge_method') !== 'S256')
    throw new OAuthError('invalid_request', 'The code_challenge_method has to be S256');
  if (!/^[\w-]{43}$/.test(challenge))
    throw new OAuthError('invalid_request', 'The code_challenge is no SHA-256 as base64url');
  return challenge;
}

/** RFC 8707. Clients of MCP's first revision with OAuth name none, and mean the URL that people paste. */
function readResource(given: string | undefined, { issuer, resources }: OAuthContext): string {
  const served = resources.map((path) => issuer() + path);
  const resource = given ?? served[0];
  if (resource !== undefined && served.includes(resource)) return resource;
  throw new OAuthError('invalid_target', `Nothing is served at this resource; MCP is at ${served[0]}`);
}

function showConsent(
  transaction: Transaction,
  client: OAuthClient,
  context: OAuthContext,
  again?: { readonly problem: string; readonly readOnly: boolean },
): OAuthReply {
  const { redirectUri, resource } = transaction;
  const number = context.pairing.ask({
    id: idOf(transaction),
    client: `${client.name} (${describeRedirect(redirectUri)})`,
  });
  const consent = {
    transaction: context.seal.seal(transaction),
    client,
    redirectUri,
    resource,
    tools: context.toolsOf(new URL(resource).pathname),
    maySeeAll: !transaction.readOnly,
    access: (again?.readOnly ?? transaction.readOnly) ? ('read' as const) : ('all' as const),
    number,
    problem: again?.problem,
  };
  return consentPage(consent, again ? 403 : 200);
}

/** Why it cannot go on yet; `undefined` when the owner has allowed it. */
function findProblem(
  transaction: Transaction,
  code: string | undefined,
  { pairing }: OAuthContext,
): string | undefined {
  const id = idOf(transaction);
  if (pairing.takeApproval(id)) return undefined;
  if (!pairing.isOpen) return 'Pairing is closed. Run mcp-bridge pair on the computer, then type the new code here.';
  if (code === undefined) return 'Type the code that the terminal shows.';
  const attempt = pairing.enter(id, code);
  if (attempt.isRight) return undefined;
  if (!pairing.isOpen) return 'That was one wrong code too many. Run mcp-bridge pair on the computer for a new one.';
  if (attempt.triesLeft === 0) return 'There were too many wrong codes. Start again from the client.';
  return `That code is not right. ${attempt.triesLeft} ${attempt.triesLeft === 1 ? 'try is' : 'tries are'} left.`;
}

function idOf({ clientId, redirectUri, state, challenge, resource }: Transaction): string {
  return requestIdOf([clientId, redirectUri, state, challenge, resource]);
}

/** With the issuer, so that a client of several servers knows who answers (RFC 9207). */
function redirect(uri: string, parameters: Record<string, string | undefined>, { issuer }: OAuthContext): OAuthReply {
  const url = new URL(uri);
  for (const [name, value] of Object.entries({ ...parameters, iss: issuer() }))
    if (value !== undefined) url.searchParams.set(name, value);
  const headers = { Location: url.href, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' };
  // Whatever this was, what follows is a GET (OAuth 2.1, section 7.5.3).
  return { status: 303, headers, body: '' };
}

function refusal(error: OAuthError, query: URLSearchParams): Record<string, string | undefined> {
  return { ...errorParameters(error), state: query.get('state') ?? undefined };
}

function errorParameters({ code, message }: OAuthError): Record<string, string> {
  // No other characters may be in it (OAuth 2.1, section 4.1.2.1).
  return { error: code, error_description: message.replace(/[^ !#-[\]-~]/g, "'") };
}

function closedPage({ path, query }: OAuthRequest): OAuthReply {
  const notice = {
    title: 'Pairing is closed',
    lines: [
      'For your safety, clients can be linked only while pairing is open. On the computer that runs mcp-bridge, type:',
    ],
    command: 'mcp-bridge pair',
    retry: `${path}?${query}`,
  };
  return noticePage(notice, 403);
}

function allowedPage({ name }: OAuthClient): OAuthReply {
  const lines = [
    `${name} was allowed to use your tools. You can close this page.`,
    'If it does not work there, start again from the client.',
  ];
  return noticePage({ title: 'Allowed already', lines }, 200);
}

function outdatedPage(): OAuthReply {
  const lines = ['The page is too old, or mcp-bridge has been started anew since. Start again from the client.'];
  return noticePage({ title: 'This page is outdated', lines }, 400);
}
