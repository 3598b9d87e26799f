import { describe, expect, it } from 'vitest';
import { StatelessStdio } from '../../../src/downstream/stateless/stdio.ts';
import { type Message, parseMessages, resultFrame } from '../../../src/protocol/message.ts';
import { createOutlet, createRelay, enveloped } from '../support.ts';

const message = (text: string) => parseMessages(text, 'client') as Message;
const cancelled = (id: string) =>
  message(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`);

function createStdio() {
  const { relay, exchanges, answers, notifications } = createRelay();
  const outlet = createOutlet();
  return { stdio: new StatelessStdio({ relay, outlet }), outlet, exchanges, answers, notifications };
}

/** A request that is being answered. */
const begin = (stdio: StatelessStdio, id: string) => stdio.receive(enveloped('tools/list', {}, { id }));

describe('a message on a stream that other revisions share', () => {
  it('is one of this revision when it says so, or gives up a request that did', () => {
    const { stdio } = createStdio();
    void begin(stdio, '1');
    expect(
      [
        enveloped('tools/list'),
        cancelled('1'),
        cancelled('"1"'),
        cancelled('2'),
        message('{"jsonrpc":"2.0","id":1,"method":"tools/list"}'),
        message('{"jsonrpc":"2.0","id":1,"result":{}}'),
        message('{"jsonrpc":"2.0","method":"notifications/cancelled"}'),
      ].map((each) => stdio.takes(each)),
    ).toEqual([true, true, false, false, false, false, false]);
  });

  it('is not one any more when the request has been answered', async () => {
    const { stdio, outlet, answers } = createStdio();
    const done = begin(stdio, '1');
    await expect.poll(() => answers.length).toBe(1);
    answers[0]?.(resultFrame({ tools: [] }));
    await done;
    expect([outlet.sent, stdio.takes(cancelled('1'))]).toMatchObject([[{ id: 1, result: { tools: [] } }], false]);
  });
});

describe('a request', () => {
  it('that is cancelled is given up at the server, and not answered', async () => {
    const { stdio, outlet, exchanges, answers } = createStdio();
    const done = [begin(stdio, '1'), begin(stdio, '"1"')];
    await expect.poll(() => exchanges.length).toBe(2);
    await stdio.receive(cancelled('"1"'));
    expect(exchanges.map(({ cancellation }) => cancellation.reason?.message)).toEqual([
      undefined,
      'cancelled by the client',
    ]);
    for (const answer of answers) answer(resultFrame({}));
    await Promise.all(done);
    expect(outlet.sent).toMatchObject([{ id: 1 }]);
  });

  it('that cannot be read is answered with what is wrong', async () => {
    const { stdio, outlet } = createStdio();
    const meta = '{"io.modelcontextprotocol/protocolVersion":"2099-01-01"}';
    await stdio.receive(message(`{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"_meta":${meta}}}`));
    expect(outlet.sent).toMatchObject([{ id: 'a', error: { code: -32022, data: { requested: '2099-01-01' } } }]);
  });

  it('is given up when the client is gone', async () => {
    const { stdio, exchanges } = createStdio();
    void begin(stdio, '1');
    await expect.poll(() => exchanges.length).toBe(1);
    stdio.close();
    expect(exchanges[0]?.cancellation.reason?.message).toBe('the client is gone');
  });
});

it('a notification is the servers’', async () => {
  const { stdio, notifications } = createStdio();
  await stdio.receive(message('{"jsonrpc":"2.0","method":"notifications/x-vendor"}'));
  expect(notifications).toEqual(['notifications/x-vendor']);
});
