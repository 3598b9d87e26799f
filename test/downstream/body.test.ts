import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BodyReader } from '../../src/downstream/body.ts';
import { sendError } from '../../src/downstream/http-error.ts';
import { rawPost } from '../support/http.ts';
import { serve } from './support.ts';

const LIMIT = 1000;

/** Answers with the body, or with the error that it makes. */
async function createEcho(): Promise<{ origin: string; begun(count: number): Promise<void>; failures: unknown[] }> {
  const bodies = new BodyReader({ max: LIMIT, hint: ' (--max-message)' });
  const failures: unknown[] = [];
  let requests = 0;
  let wake = () => {};
  const origin = await serve(async (incoming, response) => {
    const reading = bodies.read(incoming);
    incoming.once('data', () => {
      requests += 1;
      wake();
    });
    try {
      response.end(await reading);
    } catch (error) {
      failures.push(error);
      wake();
      sendError(response, error);
    }
  });
  return {
    origin,
    failures,
    async begun(count) {
      while (requests + failures.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** Begins a request whose body goes on, over a connection that is kept, as clients do. */
function begin(origin: string, bytes: number): { outgoing: ClientRequest; answer: Promise<Answer> } {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const outgoing = request(origin, { method: 'POST', agent });
  outgoing.write('x'.repeat(bytes));
  const answer = async () => {
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: response.statusCode, text: await readText(response) };
  };
  return { outgoing, answer: answer() };
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

const errorOf = (text: string) => JSON.parse(text).error as { code: number; message: string };

describe('a body', () => {
  it('is read whole, in any number of pieces, also when they cut characters', async () => {
    const { origin } = await createEcho();
    for (const body of ['', 'é日😀'.repeat(20), 'x'.repeat(LIMIT)])
      expect((await rawPost(origin, body)).text).toBe(body);
    const outgoing = request(origin, { method: 'POST', agent: false });
    for (const byte of Buffer.from('é日😀')) {
      outgoing.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(await readText(response)).toBe('é日😀');
  });

  it('is refused when it says that it is too long', async () => {
    const { origin } = await createEcho();
    const { status, text } = await rawPost(origin, 'x'.repeat(LIMIT + 1));
    expect([status, errorOf(text).message]).toEqual([
      413,
      'The request body is longer than 1000 bytes (--max-message)',
    ]);
  });

  it('is refused when it turns out to be too long, and the client that goes on sending sees why', async () => {
    const { origin } = await createEcho();
    const { outgoing, answer } = begin(origin, LIMIT);
    // More than what the system would take without a reader.
    for (let megabyte = 0; megabyte < 20; megabyte += 1) outgoing.write('x'.repeat(1_000_000));
    outgoing.end();
    const { status, text } = await answer;
    expect([status, errorOf(text).message]).toEqual([
      413,
      'The request body is longer than 1000 bytes (--max-message)',
    ]);
  });

  it('is refused when it is not UTF-8', async () => {
    const { origin } = await createEcho();
    for (const bytes of [Buffer.of(0xff), Buffer.of(0xc3), Buffer.of(0xed, 0xa0, 0x80)]) {
      const { status, text } = await rawPost(origin, bytes);
      expect([status, errorOf(text).code]).toEqual([400, -32700]);
    }
  });

  it('that ends early fails, and its room is given back', async () => {
    const { origin, failures, begun } = await createEcho();
    for (let index = 1; index <= 6; index += 1) {
      const { outgoing, answer } = begin(origin, LIMIT);
      const left = answer.catch(() => {});
      await begun(2 * index - 1);
      outgoing.destroy();
      await left;
      await begun(2 * index);
    }
    expect(failures).toEqual(Array(6).fill(expect.objectContaining({ status: 400 })));
    expect((await rawPost(origin, 'x'.repeat(LIMIT))).status).toBe(200);
  });
});

describe('many bodies at once', () => {
  it('share one budget; what goes beyond it may try again, and the others are served', async () => {
    const { origin, begun } = await createEcho();
    const waiting = [1, 2, 3, 4].map(() => begin(origin, LIMIT));
    await begun(4);
    const { status, headers } = await rawPost(origin, 'x');
    expect([status, headers['retry-after']]).toEqual([503, '1']);
    for (const { outgoing } of waiting) outgoing.end();
    const answers = await Promise.all(waiting.map(({ answer }) => answer));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    expect((await rawPost(origin, 'x')).status).toBe(200);
  });
});
