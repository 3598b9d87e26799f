/** What a tool has answered, for a person: texts as they are, all other content as a line each. */
export function describeResult(result: unknown): string {
  const { content, structuredContent } = asObject(result);
  const items = Array.isArray(content) ? content.map(asObject) : [];
  const hasText = items.some(isText);
  const parts = items.map((item) => (isText(item) ? item.text : summaryOf(item)));
  if (!hasText && structuredContent !== undefined) parts.push(inJson(structuredContent));
  // Something else than the result of a tool: a task, say.
  if (content === undefined && structuredContent === undefined) parts.push(inJson(result));
  return parts.map((part) => (part.endsWith('\n') ? part : `${part}\n`)).join('');
}

/** Whether a tool says of its result that it failed. */
export function saysItFailed(result: unknown): boolean {
  return asObject(result).isError === true;
}

/** What a JSON-RPC error says. */
export function describeError(error: unknown): string {
  const { message } = asObject(error);
  return typeof message === 'string' ? message : inJson(error);
}

type Item = Readonly<Record<string, unknown>>;

function isText(item: Item): item is Item & { readonly text: string } {
  return item.type === 'text' && typeof item.text === 'string';
}

/** Such as `[image image/png, 1,024 bytes]`. */
function summaryOf(item: Item): string {
  const { uri, mimeType, data, blob, text, size } = { ...asObject(item.resource), ...item };
  const words = [item.type, mimeType, uri].filter((word) => typeof word === 'string');
  const bytes = typeof size === 'number' ? size : sizeOf({ text, base64: data ?? blob });
  const length = bytes === undefined ? '' : `, ${bytes.toLocaleString('en-US')} bytes`;
  return `[${words.join(' ')}${length}]`;
}

function sizeOf({ text, base64 }: { readonly text: unknown; readonly base64: unknown }): number | undefined {
  if (typeof text === 'string') return Buffer.byteLength(text);
  return typeof base64 === 'string' ? Buffer.byteLength(base64, 'base64') : undefined;
}

export function inJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function asObject(value: unknown): Item {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
