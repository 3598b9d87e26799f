import { type Finding, failed, findingOf, type Outcome, ok, warning } from './finding.ts';
import { isObject, type Json } from './json.ts';
import { createSend, NoAnswer } from './send.ts';

/**
 * Tells how the servers of a bridge are that runs on this machine.
 * @param local origin of its local app.
 */
export async function* examineStarted(local: string): AsyncGenerator<Finding, void> {
  const send = createSend({});
  try {
    const { status, messages } = await send({ method: 'GET', url: `${local}/status` });
    const [document] = messages.filter(isObject);
    const servers = document?.servers;
    if (!Array.isArray(servers)) throw new NoAnswer(`${local}/status answers ${status} without its servers`);
    for (const server of servers.filter(isObject))
      yield findingOf('start', `Start of ${server.name}`, judgeStart(server));
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    yield findingOf('start', 'Start', failed(error.message, 'See the log of the bridge, or start it anew.'));
  }
}

function judgeStart({ state, startedIn, tools, error }: Json): Outcome {
  if (typeof error === 'string' && state !== 'ready') return failed(error, 'Start it by hand to see what it says.');
  if (typeof startedIn === 'number') return ok(`it was ready with ${tools} tools`, startedIn);
  if (state === 'idle') return ok('it starts with its first request');
  return warning(`it is ${state}`, 'Wait until it is up, and examine again.');
}
