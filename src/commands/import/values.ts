import type { ServerEntry } from './server-entry.ts';

type Servers = ReadonlyMap<string, ServerEntry>;

/** Where values stand in the entries themselves that may be secrets: `SERVER.NAME` for a variable, or `SERVER.args[0]`. */
export function namesOfValues(servers: Servers): string[] {
  return [...servers].flatMap(([server, { env = {}, args = [] }]) => {
    const shown = withoutSecrets(args);
    return [
      ...Object.entries(env).flatMap(([name, value]) => (isValue(value) ? [`${server}.${name}`] : [])),
      ...args.flatMap((arg, index) => (arg === shown[index] ? [] : [`${server}.args[${index}]`])),
    ];
  });
}

/** The entries as they may be shown. */
export function withoutValues(servers: Servers): Servers {
  return new Map([...servers].map(([name, entry]) => [name, hide(entry)]));
}

function hide({ args, env, ...entry }: ServerEntry): ServerEntry {
  return {
    ...entry,
    ...(args && { args: withoutSecrets(args) }),
    ...(env && {
      env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, isValue(value) ? HIDDEN : value])),
    }),
  };
}

/** Arguments as they may be shown: as they are, but for what is called a secret. They tell which server it is. */
export function withoutSecrets(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const isAfterFlag = SECRET_FLAG.test(args[index - 1] ?? '') && !arg.startsWith('-');
    if (isAfterFlag) return isValue(arg) ? HIDDEN : arg;
    return [JOINED, PASSWORD].reduce((text, pattern) => text.replace(pattern, hideSecond), arg);
  });
}

function hideSecond(whole: string, before: string, value: string): string {
  return isValue(value) ? before + HIDDEN : whole;
}

const HIDDEN = '...';

/** How names of secrets end: `--api-key`, `GITHUB_TOKEN`, `Authorization`. */
const NAME = String.raw`[\w.-]*(?:key|token|secret|pass(?:word|wd|phrase)?|pwd|pat|auth|authorization|credential)s?`;
const SECRET_FLAG = new RegExp(`^-${NAME}$`, 'i');
/** `--token=...`, `TOKEN=...` for docker, `Authorization: ...` for a proxy, `?apiKey=...` in a URL. */
const JOINED = new RegExp(String.raw`(\b${NAME}["']?\s*[=:]\s*)([^&]+)`, 'gi');
/** `postgres://me:...@host` */
const PASSWORD = /(:\/\/[^/\s:@]*:)([^/\s]+)(?=@)/g;

/** Whether it is more than names of other variables: what stands beside one, or in its default, may be secret as well. */
function isValue(text: string): boolean {
  return text.replaceAll(/\$\{(?:env:)?[^}:]*\}/g, '') !== '';
}
