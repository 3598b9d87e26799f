/** One block of an event stream; a comment, as keep-alives are, is a block of its own. */
export interface SseEvent {
  /** `message` unless the stream says otherwise. */
  readonly event: string;
  readonly data: string;
  readonly id?: string;
  /** Milliseconds. */
  readonly retry?: number;
  readonly comment?: string;
}

/**
 * Reads an event stream (HTML, 9.2.6) as it arrives. Own code, since tests look at comments and at events without data, which parsers drop.
 */
export async function* parseSse(chunks: AsyncIterable<Buffer>): AsyncGenerator<SseEvent, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split(BLOCK_END);
    rest = blocks.pop() as string;
    yield* blocks.map(parseBlock);
  }
}

/** Reads an event stream that is complete. */
export function parseSseText(text: string): SseEvent[] {
  return text.split(BLOCK_END).slice(0, -1).map(parseBlock);
}

const BLOCK_END = /\r?\n\r?\n/;

function parseBlock(block: string): SseEvent {
  const values: Record<string, string[]> = {};
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line) as unknown as [string, string, string];
    const key = name || 'comment';
    values[key] = [...(values[key] ?? []), value];
  }
  const { event, data, id, retry, comment } = values;
  return {
    event: event?.at(-1) ?? 'message',
    data: data?.join('\n') ?? '',
    ...(id && { id: id.at(-1) as string }),
    ...(retry && { retry: Number(retry.at(-1)) }),
    ...(comment && { comment: comment.join('\n') }),
  };
}
