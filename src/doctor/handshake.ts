import { LATEST_2025, REVISIONS_2025, STATELESS } from '../protocol/revisions.ts';
import { failed, listed, type Outcome, ok, skipped, warning } from './finding.ts';
import { isObject, type Json, textsIn } from './json.ts';
import { ask, authorization, CLIENT, notify, type RpcAnswer, refusalOf } from './rpc.ts';
import { PATIENCE } from './send.ts';
import type { Chart, Check, Visit } from './visit.ts';

/** How the two begin, in either era. */
export const HANDSHAKE: readonly Check[] = [
  { name: 'token', title: 'Token', look: tryToken },
  { name: 'discover', title: 'server/discover', look: discover },
  { name: 'initialize', title: 'initialize', look: initialize },
  { name: 'initialized', title: 'notifications/initialized', look: tellInitialized },
  { name: 'session', title: 'Session', look: tryWithoutSession },
];

async function tryToken(visit: Visit): Promise<Outcome | undefined> {
  const { chart, token, send, address: url } = visit;
  if (!chart.isGuarded) return undefined;
  chart.isOver = true;
  if (token === undefined)
    return skipped('what is behind the door was not looked at', 'Give a token to go on with --token.');
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json', ...authorization(visit) };
  const { status } = await send({ method: 'POST', url, headers, body: '{}' });
  if (status === 401 || status === 403)
    return failed(`it is not taken (${status})`, 'Check that it is for this URL, and has not ended.');
  chart.isOver = false;
  return ok('it is taken');
}

async function discover(visit: Visit): Promise<Outcome> {
  // As ChatGPT asks.
  const options = { isStateless: true, id: 'openai-mcp-discover' };
  const answer = await ask(visit, 'server/discover', {}, options);
  const { result } = answer;
  if (!result) return judgeRefusal(answer);
  const faults = faultsOfDiscovery(result);
  if (faults.length > 0)
    return failed(`the result is not complete: ${listed(faults)}`, 'Complete it, or refuse the method with -32601.');
  visit.chart.isStateless = true;
  return inTime(`it offers ${listed(textsIn(result.supportedVersions))}`, answer);
}

function faultsOfDiscovery(result: Json): string[] {
  const { supportedVersions, capabilities, resultType, ttlMs, cacheScope } = result;
  return [
    ...(textsIn(supportedVersions).includes(STATELESS) ? [] : [`supportedVersions without ${STATELESS}`]),
    ...(isObject(capabilities) ? [] : ['no capabilities']),
    ...(resultType === 'complete' ? [] : ['resultType is not "complete"']),
    ...(typeof ttlMs === 'number' ? [] : ['no ttlMs']),
    ...(cacheScope === 'public' || cacheScope === 'private' ? [] : ['no cacheScope']),
  ];
}

/** A server may speak the older era only, if it says so in a way that all clients understand. */
function judgeRefusal(answer: RpcAnswer): Outcome {
  const { error, status } = answer;
  const advice =
    'Answer with a complete DiscoverResult, or with 200 and the error -32601: some clients fail otherwise.';
  if (!error) return failed(refusalOf(answer), advice);
  if (error.code === -32022 || (error.code === -32601 && (status === 200 || status === 404)))
    return ok(`it is refused in due form (${error.code}), so clients fall back to initialize`, answer.ms);
  return warning(`it is refused with ${refusalOf(answer)}`, advice);
}

async function initialize(visit: Visit): Promise<Outcome> {
  const { chart } = visit;
  const params = { protocolVersion: LATEST_2025, capabilities: {}, clientInfo: CLIENT };
  let last: RpcAnswer | undefined;
  // ChatGPT often sends it twice.
  for (const time of ['the first', 'the second']) {
    const answer = await ask(visit, 'initialize', params, { isStateless: false });
    const { result, headers } = answer;
    const session = headers.get('mcp-session-id');
    if (session !== null) chart.sessions.push(session);
    const fault = result ? faultOfOpening(result) : refusalOf(answer);
    if (fault !== undefined) return judgeOpening(`${time} time: ${fault}`, chart);
    chart.revision = String(result?.protocolVersion);
    last = answer;
  }
  return last ? inTime(`${chart.revision}, twice in a row`, last) : skipped('not sent');
}

function faultOfOpening({ protocolVersion, capabilities, serverInfo }: Json): string | undefined {
  if (!REVISIONS_2025.some((each) => each === protocolVersion))
    return `it answers in the revision ${JSON.stringify(protocolVersion)}`;
  if (!isObject(capabilities)) return 'no capabilities';
  return isObject(serverInfo) ? undefined : 'no serverInfo';
}

function judgeOpening(fault: string, chart: Chart): Outcome {
  chart.revision = '';
  if (chart.isStateless)
    return warning(fault, `Clients that do not know ${STATELESS} yet cannot be served; answer initialize as well.`);
  chart.isOver = true;
  return failed(fault, `Answer with a revision of ${listed(REVISIONS_2025)}, however often it is asked.`);
}

async function tellInitialized(visit: Visit): Promise<Outcome | undefined> {
  if (visit.chart.revision === '') return undefined;
  const { status, ms } = await notify(visit, 'notifications/initialized');
  if (status === 202) return ok('it is answered 202', ms);
  const advice = 'Answer notifications with 202 and no body (transports, "Sending Messages to the Server").';
  const detail = `it is answered ${status}, not 202`;
  return status < 300 ? warning(detail, advice) : failed(detail, advice);
}

/** ChatGPT has been seen to name no session after it was given one. */
async function tryWithoutSession(visit: Visit): Promise<Outcome | undefined> {
  const { chart } = visit;
  if (chart.isStateless || chart.revision === '') return undefined;
  if (chart.sessions.length === 0) return ok('there is none to keep');
  const answer = await ask(visit, 'tools/list', {}, { session: undefined });
  if (answer.result) return ok('it need not be named');
  chart.needsSession = true;
  return warning(
    `requests that do not name it are refused (${refusalOf(answer)})`,
    'ChatGPT has been seen to name none: serve requests without a session as well.',
  );
}

/** It works, but a client that is just being connected waits no longer. */
export function inTime(detail: string, { ms }: RpcAnswer): Outcome {
  if (ms <= PATIENCE) return ok(detail, ms);
  const seconds = (ms / 1000).toFixed(1);
  const advice = `Clients wait about ${PATIENCE / 1000} s while they connect: start the server before it is asked (here: without --lazy).`;
  return { ...warning(`${detail}, but it took ${seconds} s`, advice), ms: Math.round(ms) };
}
