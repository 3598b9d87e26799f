import {
  ElicitRequestSchema,
  ErrorCode,
  LoggingMessageNotificationSchema,
  McpError,
  ProgressNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { expect, it } from 'vitest';
import type { Peer } from '../support/clients.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { describeTransports } from '../support/transports.ts';

const NEW = ['--stdio', fixtureLine('eras-server', '--era', '2026', '--name', 'new')];
/** The SDK's own, and a server that asks more often than this is not going to stop. */
const MAX_ROUNDS = 10;

const accept = (answer: string) => ({ action: 'accept' as const, content: { answer } });

async function call({ client }: Peer, name: string, args: Record<string, unknown> = {}): Promise<unknown> {
  return (await client.callTool({ name, arguments: args })).structuredContent;
}

/** To a client of 2025, a server of 2026 is as any other. */
describeTransports('a server of 2026 and a client of 2025', (open) => {
  it('answers a ping', async () => {
    await using peer = await open(NEW);
    expect(await peer.client.ping()).toEqual({});
  });

  it('reports progress', async () => {
    await using peer = await open(NEW);
    const heard: unknown[] = [];
    // Not `onprogress`, which SDK v1 forgets when the result arrives in the same chunk.
    peer.client.setNotificationHandler(ProgressNotificationSchema, ({ params }) => void heard.push(params));
    const params = { name: 'progress', arguments: { steps: 2, label: 'step' }, _meta: { progressToken: 'mine' } };
    await peer.client.callTool(params);
    const step = { progressToken: 'mine', total: 2, message: 'step' };
    expect(heard).toEqual([
      { ...step, progress: 1 },
      { ...step, progress: 2 },
    ]);
  });

  it('logs what the session wants to hear', async () => {
    await using peer = await open(NEW);
    const heard: unknown[] = [];
    peer.client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void heard.push(params.data));
    await peer.client.setLoggingLevel('warning');
    await call(peer, 'log', { level: 'info', message: 'too little' });
    await call(peer, 'log', { level: 'error', message: 'enough' });
    await peer.client.setLoggingLevel('debug');
    await call(peer, 'log', { level: 'debug', message: 'now enough' });
    expect(heard).toEqual(['enough', 'now enough']);
  });

  it('is told when a call is cancelled', async () => {
    await using peer = await open(NEW);
    const controller = new AbortController();
    const onprogress = () => controller.abort('not needed any more');
    const options = { signal: controller.signal, onprogress };
    const hanging = peer.client.callTool({ name: 'hang', arguments: { label: 'x' } }, undefined, options);
    await expect(hanging).rejects.toThrow('not needed any more');
    const cancelled = [{ name: 'hang', arguments: { label: 'x' } }];
    await expect.poll(() => call(peer, 'cancelled')).toEqual({ cancelled });
  });

  it('asks for a URL to be visited with an id, as the client is used to', async () => {
    await using peer = await open(NEW, { capabilities: { elicitation: { url: {} } } });
    const asked: unknown[] = [];
    peer.client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params);
      return { action: 'accept' };
    });
    expect(await call(peer, 'ask', { kind: 'url', message: 'How?' })).toEqual({ action: 'accept' });
    expect(asked).toMatchObject([{ mode: 'url', message: 'How?', elicitationId: expect.stringMatching(/./) }]);
  });

  it('hears of the client’s refusal in the error of the call', async () => {
    const elicit = () => {
      throw new McpError(ErrorCode.InternalError, 'the user has left');
    };
    await using peer = await open(NEW, { elicit });
    await expect(call(peer, 'ask', { kind: 'elicitation', message: 'How?' })).rejects.toThrow('the user has left');
    // Other calls are none the worse for it.
    expect(await call(peer, 'echo', { message: 'hello' })).toEqual({ message: 'hello' });
  });

  it('cannot ask what the client has not declared', async () => {
    await using peer = await open(NEW, { elicit: () => accept('yes') });
    await expect(call(peer, 'ask', { kind: 'sampling', message: 'How?' })).rejects.toThrow(/sampling/);
  });

  it('may ask ten times within a call, and no more', async () => {
    await using peer = await open(NEW, { elicit: (message) => accept(`to ${message}`) });
    const messages = Array.from({ length: MAX_ROUNDS }, (_, index) => `question ${index}`);
    const answers = messages.map((message) => accept(`to ${message}`));
    expect(await call(peer, 'ask-in-turn', { messages: messages.slice(1) })).toEqual({ answers: answers.slice(1) });
    await expect(call(peer, 'ask-in-turn', { messages: [...messages, 'one more'] })).rejects.toThrow(/rounds/);
  });
});
