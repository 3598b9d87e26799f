import { oneLine } from '../../log.ts';
import { pad, widthOf } from '../../terminal/width.ts';
import { type FoundFile, type FoundServer, usableIn } from './find-servers.ts';
import type { ServerEntry } from './server-entry.ts';
import { withoutSecrets } from './values.ts';

/** What was found, for a person. With `numbered`, each server that can be used has a number, from 1 over all files. */
export function listing(files: readonly FoundFile[], { numbered }: { readonly numbered: boolean }): string {
  const numbers = new Map<FoundServer, number>(usableIn(files).map((server, index) => [server, index + 1]));
  const signOf = (server: FoundServer) => {
    if ('leftOut' in server) return '·';
    return numbered ? String(numbers.get(server)) : '✓';
  };
  const rowsOf = (servers: readonly FoundServer[]) => {
    const width = Math.max(...servers.map((server) => widthOf(nameOf(server))));
    return servers.map((server) => `${signOf(server).padStart(4)} ${pad(nameOf(server), width)}  ${about(server)}`);
  };
  return files
    .map(({ title, path, problem, servers }) => {
      const rows = problem === undefined ? rowsOf(servers) : [`   ✗ cannot be used: ${oneLine(problem)}`];
      return `${[`${title}, ${oneLine(path)}`, ...rows].join('\n')}\n\n`;
    })
    .join('');
}

/** A name is what somebody else may have written. */
function nameOf(server: FoundServer): string {
  const isRenamed = 'as' in server && server.as !== server.name;
  return oneLine(isRenamed ? `${server.name}, as ${server.as}` : server.name);
}

function about(server: FoundServer): string {
  return oneLine('entry' in server ? commandLine(server.entry) : `left out: ${server.leftOut}`);
}

/** In full, but for secrets: whoever imports a server lets it run. */
function commandLine({ command, args = [] }: ServerEntry): string {
  return [command, ...withoutSecrets(args)].map((word) => (/^\S+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}
