/**
 * A short name for a server that was given none: what its command runs, without runner, scope, version and the words that every
 * server carries. `npx -y @modelcontextprotocol/server-memory@1` is `memory`, `docker run -i --rm ghcr.io/x/y:1` is `y`.
 */
export function nameOfCommand(words: readonly string[]): string {
  const segments = programOf(words)
    .replace(/^(?:npm|jsr):/, '')
    .split(/[\\/]+/)
    .filter((segment) => segment !== '');
  const named = segments.map(nameOfSegment);
  const telling = named.findLast((name) => !GENERIC.test(name));
  const name = (telling ?? named.at(-1) ?? '').replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
  return name || 'server';
}

/** Programs that run another one, which then gives the name. */
const RUNNER =
  /^(?:npx|npm|pnpm|pnpx|yarn|bun|bunx|uv|uvx|pipx|node|nodejs|deno|tsx|python[\d.]*|py|ruby|php|java|docker|podman|cmd)$/i;
const OPTION = /^(?:-|\/[a-z]$)/i;
const SUBCOMMAND = /^(?:run|exec|dlx|tool|container)$/;
/** The flags of these programs that take the next word as their value, as far as they are common. */
const TAKES_VALUE =
  /^(?:-p|--package|--from|--with|--python|--directory|--project|-r|--require|--import|--loader|-e|--env|--env-file|-v|--volume|--mount|--name|--network|--net|--user|-w|--workdir|--entrypoint|--platform|--pull|--add-host|-l|--label)$/;
/** Segments that say nothing about which server it is. */
const GENERIC =
  /^(?:index|main|cli|app|server|mcp|mcp-server|server-mcp|__main__|start|run|dist|build|out|lib|src|bin|target|release|debug|stdio|\.+)$/i;

function programOf(words: readonly string[]): string {
  let isRunner = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (isRunner && TAKES_VALUE.test(word)) at += 1;
    if (isRunner && (OPTION.test(word) || SUBCOMMAND.test(word))) continue;
    if (!RUNNER.test(word.replace(/^.*[\\/]/, '').replace(/\.(?:exe|cmd)$/i, ''))) return word;
    isRunner = true;
  }
  return words[0] ?? '';
}

function nameOfSegment(segment: string): string {
  const plain = segment.replace(/^@/, '').replace(/^([^@:=<>~[]+)[@:=<>~[].*$/, '$1');
  // A script was named by its owner; only packages carry the words of the trade.
  const script = /^(.+)\.(?:[cm]?[jt]sx?|py|rb|php|jar|sh|ps1|cmd|bat|exe|git)$/i.exec(plain)?.[1];
  if (script !== undefined) return script;
  return plain
    .replace(/^(?:mcp[-_]server|server|mcp)[-_](?=.)/i, '')
    .replace(/(?<=.)[-_](?:mcp[-_]server|mcp|server)$/i, '');
}
