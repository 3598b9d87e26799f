import type { ResearchFields, ResearchSettings, ResearchSource } from '../../../src/config/catalog-settings.ts';
import type { Answer, Exchange } from '../../../src/protocol/exchange.ts';
import { errorFrame, RESOURCE_NOT_FOUND, requestFrame, resultFrame } from '../../../src/protocol/message.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { Research } from '../../../src/relay/research/research.ts';
import type { ResearchHost } from '../../../src/relay/research/source.ts';
import { createExchange, type TestExchange } from '../../upstream/support.ts';

export interface Call {
  readonly tool: string;
  readonly args: unknown;
  readonly exchange: Exchange;
}

export interface HostPart {
  /** What each tool's definition says besides its name. Default: tools `find` and `get`, which take a text each. */
  readonly tools?: Readonly<Record<string, object | RawJson>>;
  /** Answers a call; by default with an empty result. */
  call?(tool: string, exchange: Exchange): Answer;
  readonly resources?: readonly object[];
  /** Answers `resources/read`; by default nothing is there. */
  read?(uri: string): Answer;
}

/** A catalog that is played: what was called on it, in order. */
export function playHost({ tools = TOOLS, call, resources, read }: HostPart = {}): ResearchHost & { calls: Call[] } {
  const calls: Call[] = [];
  return {
    calls,
    async call(tool, args, exchange) {
      calls.push({ tool, args: args.value, exchange });
      return call?.(tool, exchange) ?? resultFrame({ content: [] });
    },
    async define(tool) {
      const definition = Object.hasOwn(tools, tool) ? tools[tool] : undefined;
      return definition && RawJson.of(definition instanceof RawJson ? definition : { name: tool, ...definition });
    },
    async resources() {
      if (!resources) throw new Error('no server can tell');
      return resources.map(RawJson.of);
    },
    async read(uri) {
      return read?.(uri) ?? errorFrame(RESOURCE_NOT_FOUND, 'Resource not found', { uri });
    },
  };
}

/** A tool that takes these texts, of which the first is required. */
export function taking(...parameters: string[]): { inputSchema: object } {
  const properties = Object.fromEntries(parameters.map((name) => [name, { type: 'string' }]));
  return { inputSchema: { type: 'object', properties, required: parameters.slice(0, 1) } };
}

const TOOLS = { find: taking('query'), get: taking('id') };

export type SourceChanges = Partial<Omit<ResearchSource, 'fields'>> & { readonly fields?: ResearchFields };

export function settingsOf(search: SourceChanges = {}, fetch: SourceChanges = {}): ResearchSettings {
  const rest = { parameter: undefined, arguments: {}, fields: {} };
  return { origin: 'a test', search: { tool: 'find', ...rest, ...search }, fetch: { tool: 'get', ...rest, ...fetch } };
}

/** A call of `search` or `fetch`, as a client sends it. */
export function callOf(name: string, args: unknown, more: object = {}): TestExchange {
  return createExchange(requestFrame('tools/call', { name, arguments: args, ...more }));
}

/** What a tool says that answers in text. */
export function texts(...contents: string[]): Answer {
  return resultFrame({ content: contents.map((text) => ({ type: 'text', text })) });
}

/** What a tool says that answers in JSON, and in text as well. */
export function structured(structuredContent: object): Answer {
  return resultFrame({ content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent });
}

/** The result of an answer. Whatever is structured in it has to stand there as text as well. */
export function resultOf(answer: Answer): Record<string, unknown> {
  const result = answer.raw('result');
  const structuredContent = result?.raw('structuredContent');
  if (!structuredContent) return result?.value as never;
  const contents = result?.raw('content')?.items() ?? [];
  if (contents.length !== 1 || contents[0]?.string('text') !== structuredContent.text)
    throw new Error('the content is not the structured content');
  return structuredContent.value as never;
}

export interface Asked extends HostPart {
  readonly search?: SourceChanges;
  readonly fetch?: SourceChanges;
}

/** What `search` answers when the tool behind it answers so. */
export async function searched(answer: Answer, { search, fetch, ...part }: Asked = {}): Promise<unknown> {
  const research = new Research(settingsOf(search, fetch), playHost({ call: () => answer, ...part }));
  const result = resultOf(await research.call(callOf('search', { query: 'what there is' })));
  return result.results ?? result;
}

/** What `fetch` answers when the tool behind it answers so. */
export async function fetched(answer: Answer, id = '7', { search, fetch, ...part }: Asked = {}): Promise<unknown> {
  const research = new Research(settingsOf(search, fetch), playHost({ call: () => answer, ...part }));
  return resultOf(await research.call(callOf('fetch', { id })));
}
