import { RawJson } from '../../protocol/raw-json.ts';

/** What a tool's result says in JSON: as structured content, and in its texts. The one usually repeats the other. */
export function jsonIn(result: RawJson): { readonly structured: RawJson[]; readonly texts: RawJson[] } {
  const structured = result.raw('structuredContent');
  const texts = contentOf(result).flatMap((item) => {
    const text = item.string('text') ?? item.raw('resource')?.string('text');
    return (text === undefined ? undefined : parsedJson(text)) ?? [];
  });
  return { structured: structured ? [structured] : [], texts };
}

/** What a tool's result links to, or brings along: its resources. */
export function resourcesIn(result: RawJson): RawJson[] {
  return contentOf(result).flatMap((item) =>
    item.string('type') === 'resource_link' ? item : (item.raw('resource') ?? []),
  );
}

/** What a tool's result says to those who read nothing but text. What is no text is noted. */
export function plainTextOf(result: RawJson): string {
  const content = contentOf(result);
  if (content.length === 0) return result.raw('structuredContent')?.text ?? '';
  const texts = content.map((item) => {
    const resource = item.raw('resource');
    if (resource) return textOfResource(resource);
    if (item.string('type') === 'resource_link') return item.string('uri') ?? '';
    return item.string('text') ?? noteOf(item.string('mimeType') ?? item.string('type'), item.string('data'));
  });
  return texts.filter((text) => text !== '').join('\n\n');
}

/** The text of a resource's content (`TextResourceContents`, `BlobResourceContents`). What is no text is noted. */
export function textOfResource(content: RawJson): string {
  return content.string('text') ?? noteOf(content.string('mimeType'), content.string('blob'));
}

function noteOf(type = 'something', base64 = ''): string {
  const size = Buffer.byteLength(base64, 'base64');
  return `[${type}, ${size} bytes: not text]`;
}

function contentOf(result: RawJson): RawJson[] {
  return result.raw('content')?.items() ?? [];
}

function parsedJson(text: string): RawJson | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return RawJson.parse(text);
  } catch {
    return undefined; // It only began like JSON.
  }
}
