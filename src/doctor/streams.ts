import { failed, type Outcome, ok, skipped, warning } from './finding.ts';
import { ask, authorization, ofSession, refusalOf } from './rpc.ts';
import { NoAnswer, PATIENCE } from './send.ts';
import type { Check, Visit } from './visit.ts';

/** Whether what is said bit by bit arrives bit by bit. */
export const STREAMS: readonly Check[] = [
  { name: 'stream', title: 'Streamed answer', look: listen },
  { name: 'get', title: 'GET', look: openStream },
];

const HELD_BACK =
  'Something on the way holds streams back until they end: switch off buffering and compression for this path, or take another tunnel.';

async function listen(visit: Visit): Promise<Outcome> {
  const { chart } = visit;
  if (!chart.isStateless) return judgeDelay(chart.eventDelay);
  const params = { notifications: { toolsListChanged: true } };
  try {
    // It is acknowledged at once, and then stays open: whoever collects the whole answer first never passes it on.
    const answer = await ask(visit, 'subscriptions/listen', params, { isEndless: true, limit: PATIENCE });
    if (answer.firstEvent === undefined)
      return skipped(`subscriptions/listen is not answered by a stream: ${refusalOf(answer)}`);
    if (answer.headers.has('content-encoding'))
      return warning(`the stream is compressed (${answer.headers.get('content-encoding')})`, HELD_BACK);
    return ok('the first event came while the stream was open', answer.firstEvent);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return failed(`no event of an open stream arrived (${error.message})`, HELD_BACK);
  }
}

/** In the era with sessions nothing makes a server stream; some do it with every answer. */
function judgeDelay(delay: number | undefined): Outcome {
  if (delay === undefined) return skipped('all answers came in one piece, so there was nothing to see');
  if (delay < NOTICEABLE) return ok('events come with the headers of their stream', delay);
  return warning(`the first event came ${Math.round(delay)} ms after the headers of its stream`, HELD_BACK);
}

/** Milliseconds. */
const NOTICEABLE = 1000;

/** Clients that open a stream wait for its headers before they go on. */
async function openStream(visit: Visit): Promise<Outcome> {
  // A server with sessions opens it for those that name theirs.
  const session = visit.chart.sessions.at(-1);
  const named = session === undefined ? {} : ofSession(visit.chart, session);
  const headers = { Accept: 'text/event-stream', ...authorization(visit), ...named };
  try {
    const { status, type, ms } = await visit.send({ method: 'GET', url: visit.address, headers });
    if (type === 'text/event-stream' && status === 200) return ok('it opens a stream', ms);
    if (status === 404 || type === 'text/html')
      return warning(
        `it is answered ${status} ${type}`,
        'Answer 405 where no stream is offered: others confuse clients.',
      );
    if (status < 400 || status >= 500)
      return failed(`it is answered ${status} ${type}`, 'Answer with an event stream, or with 405.');
    return ok(`it is answered ${status}, so nobody waits for a stream`, ms);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    // Calls are answered on their own streams: only what the server says unasked comes late.
    if (session !== undefined) return warning(`no headers of a session's stream arrived (${error.message})`, HELD_BACK);
    return failed(
      `it is left open (${error.message})`,
      `Answer at once, with an event stream or with 405. ${HELD_BACK}`,
    );
  }
}
