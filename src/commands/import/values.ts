import type { ServerEntry } from './server-entry.ts';

type Servers = ReadonlyMap<string, ServerEntry>;

/** The variables whose values stand in the entries themselves, and may be secrets: `SERVER.NAME`. */
export function namesOfValues(servers: Servers): string[] {
  return [...servers].flatMap(([server, { env = {} }]) =>
    Object.entries(env).flatMap(([name, value]) => (isValue(value) ? [`${server}.${name}`] : [])),
  );
}

/** The entries as they may be shown. */
export function withoutValues(servers: Servers): Servers {
  return new Map([...servers].map(([name, entry]) => [name, { ...entry, ...(entry.env && { env: hide(entry.env) }) }]));
}

function hide(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, isValue(value) ? '...' : value]));
}

/** Whether it is more than the name of another variable. */
function isValue(text: string): boolean {
  return text !== '' && !text.includes('${');
}
