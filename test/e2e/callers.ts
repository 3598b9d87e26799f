import type { Bridge } from '../support/bridge.ts';
import { openSse, type RpcMessage, rawPost, type SseStream } from '../support/http.ts';
import { initializeRequest, openRawSession } from './raw-session.ts';

export interface ToolCall {
  readonly id: string | number;
  readonly name: string;
  readonly arguments: object;
}

/** A client without an SDK, so that it can choose its ids; the progress token of a call is the same as its id. */
export interface Caller {
  /** Makes all calls at once and resolves with what came for each, in order: notifications, then the answer. */
  callAll(calls: readonly ToolCall[]): Promise<RpcMessage[][]>;
  /** What came that belongs to none of its calls. */
  strays(): RpcMessage[];
  close(): void;
}

export const CALLERS: Record<string, (bridge: Bridge) => Promise<Caller>> = {
  'Streamable HTTP': overHttp,
  'Streamable HTTP, without a session': async (bridge) => ({
    callAll: postAll(bridge.url),
    strays: () => [],
    close() {},
  }),
  SSE: overSse,
};

async function overHttp({ url }: Bridge): Promise<Caller> {
  const { headers, listen } = await openRawSession(url);
  const stream = await listen();
  const strays = collect(stream);
  return { callAll: postAll(url, headers), strays: () => strays, close: stream.close };
}

function postAll(url: string, headers = {}): Caller['callAll'] {
  return (calls) => Promise.all(calls.map(async (call) => (await rawPost(url, toRequest(call), headers)).messages));
}

async function overSse({ sseUrl, origin }: Bridge): Promise<Caller> {
  const stream = await openSse(sseUrl as string);
  const { data } = await stream.next(({ event }) => event === 'endpoint');
  const endpoint = origin + data;
  let unclaimed: RpcMessage[] = [];
  let wake = (): void => {};
  const received = collect(stream, () => wake());
  const isAnswered = (id: unknown): boolean => received.some((message) => message.id === id);

  const takeAll = async (calls: readonly ToolCall[]): Promise<RpcMessage[][]> => {
    while (!calls.every(({ id }) => isAnswered(id))) await new Promise<void>((resolve) => (wake = resolve));
    const messages = received.splice(0);
    unclaimed = unclaimed.concat(messages.filter((message) => !calls.some(({ id }) => isAbout(message, id))));
    return calls.map(({ id }) => messages.filter((message) => isAbout(message, id)));
  };

  await rawPost(endpoint, initializeRequest());
  await takeAll([{ id: 0, name: 'initialize', arguments: {} }]);
  return {
    async callAll(calls) {
      await Promise.all(calls.map((call) => rawPost(endpoint, toRequest(call))));
      return takeAll(calls);
    },
    strays: () => [...unclaimed, ...received],
    close: stream.close,
  };
}

function toRequest({ id, ...call }: ToolCall): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { ...call, _meta: { progressToken: id } } };
}

function isAbout({ id, params }: RpcMessage, call: unknown): boolean {
  return id === call || params?.progressToken === call;
}

/** The messages of a stream, as they come. */
function collect(stream: SseStream, onMessage = () => {}): RpcMessage[] {
  const messages: RpcMessage[] = [];
  const read = async (): Promise<void> => {
    for await (const { data } of stream) {
      if (data === '') continue;
      messages.push(JSON.parse(data));
      onMessage();
    }
  };
  read().catch(() => {}); // The stream is cut when it is closed.
  return messages;
}
