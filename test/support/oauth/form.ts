/** A form as a browser without JavaScript understands it. */
export interface HtmlForm {
  /** Where it is sent: an absolute URL. */
  readonly action: string;
  readonly method: string;
  /** What is sent if nothing is typed or pressed: hidden fields, and whatever else has a value from the start. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Reads the only form of a page. @throws Error when there is none, or several. */
export function readForm(html: string, pageUrl: string): HtmlForm {
  const tags = [...html.matchAll(/<form\b[^>]*>/gi)].map(([tag]) => tag);
  if (tags.length !== 1) throw new Error(`The page has ${tags.length} forms:\n${html}`);
  const { action = pageUrl, method = 'get' } = readAttributes(tags[0] as string);
  const inputs = [...html.matchAll(/<input\b[^>]*>/gi)].map(([tag]) => readAttributes(tag));
  const filled = inputs.filter(({ type = 'text', checked }) => type !== 'radio' || checked !== undefined);
  return {
    action: new URL(action, pageUrl).href,
    method: method.toUpperCase(),
    fields: Object.fromEntries(filled.flatMap(({ name, value = '' }) => (name === undefined ? [] : [[name, value]]))),
  };
}

/** Attributes without a value are empty. */
function readAttributes(tag: string): Record<string, string> {
  const inner = tag.replace(/^<\w+/, '');
  const found = [...inner.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)];
  return Object.fromEntries(
    found.map(([, name, double, single, bare]) => [name as string, decodeEntities(double ?? single ?? bare ?? '')]),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (entity, decimal, hex, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[name] ?? entity;
  });
}
