type Members = Readonly<Record<string, unknown>>;

/** Capabilities whose lists change in a merged catalog even if no server changes its own: servers come and go. */
const LISTS = ['tools', 'prompts', 'resources'];
/** Capabilities that a merged server has in full as soon as one server has a part: each call goes to a server that has it. */
const UNITED = new Set([...LISTS, 'logging', 'completions', 'tasks']);
/** Members that name features; each server's settings of a feature stay whole. */
const NAMED_FEATURES = new Set(['experimental', 'extensions']);

/**
 * The server capabilities of several servers as one: what anybody has, `listChanged` for every list. Of what is not known here, and of each
 * experimental feature or extension, the first server's settings count. Anything that is no object is ignored.
 */
export function mergeCapabilities(servers: readonly unknown[]): Record<string, unknown> {
  const merged = new Map<string, unknown>();
  for (const capabilities of servers.filter(isMembers)) {
    for (const [key, value] of Object.entries(capabilities)) {
      if (value !== null) merged.set(key, mergeCapability(key, merged.get(key), value));
    }
  }
  for (const key of LISTS) {
    const list = merged.get(key);
    if (list !== undefined) merged.set(key, { ...(isMembers(list) ? list : {}), listChanged: true });
  }
  return Object.fromEntries(merged);
}

export interface ServerInstructions {
  readonly server: string;
  /** What the exposed names of its tools begin with; empty when nothing is prefixed. */
  readonly prefix: string;
  readonly instructions: string | undefined;
}

/**
 * The instructions of several servers as one text, each under a heading that says whose they are and how its tools are called here, since
 * servers speak of them by their own names. A single server's come unchanged; `undefined` if nobody has any.
 */
export function mergeInstructions(servers: readonly ServerInstructions[]): string | undefined {
  const [only] = servers;
  if (servers.length === 1) return only?.instructions;
  const sections = servers
    .filter(({ instructions }) => instructions !== undefined && instructions.trim() !== '')
    .map(({ server, prefix, instructions }) => `${heading(server, prefix)}\n\n${instructions}`);
  return sections.length === 0 ? undefined : sections.join('\n\n');
}

function heading(server: string, prefix: string): string {
  return prefix === '' ? `# ${server}` : `# ${server} (its tools and prompts begin with \`${prefix}\`)`;
}

function mergeCapability(key: string, first: unknown, second: unknown): unknown {
  if (first === undefined) return second;
  if (UNITED.has(key)) return unite(first, second);
  if (NAMED_FEATURES.has(key) && isMembers(first) && isMembers(second)) return { ...second, ...first };
  return first;
}

/** Objects member by member, flags by "or"; of anything else the first. */
function unite(first: unknown, second: unknown): unknown {
  if (typeof first === 'boolean' && typeof second === 'boolean') return first || second;
  if (!isMembers(first) || !isMembers(second)) return isMembers(second) ? second : first;
  const added = Object.entries(second).map(([key, value]) => [
    key,
    Object.hasOwn(first, key) ? unite(first[key], value) : value,
  ]);
  return { ...first, ...Object.fromEntries(added) };
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
