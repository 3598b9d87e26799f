import type { ImportClient } from '../config/subcommands.ts';
import { BridgeError } from '../errors.ts';
import { clientFiles, type Place } from './import/client-files.ts';
import { chooseTarget, configText, type TargetOptions, writeConfig } from './import/config-file.ts';
import { type FoundFile, type FoundServer, findServers, type UsableServer, usableIn } from './import/find-servers.ts';
import { lacksOf } from './import/lacks.ts';
import { listing } from './import/listing.ts';
import { lossOf } from './import/loss.ts';
import { outcome } from './import/outcome.ts';
import { type Conversation, canAsk, openQuestions, readChoice, WHICH } from './import/questions.ts';
import { namesOfValues, withoutValues } from './import/values.ts';

export interface ImportOptions extends Place, TargetOptions {
  /** Whose servers; with none the owner is asked which, or told what there is. */
  readonly clients: readonly ImportClient[];
  /** Whether to show what would be written, and write nothing. */
  readonly dryRun: boolean;
  /** Whether a program reads it. */
  readonly json: boolean;
}

/**
 * `mcp-bridge import`: writes a config file with the servers of other MCP clients. Values of variables are copied, and never shown.
 * @throws BridgeError when there is none to import, when it is not clear which, or when the file cannot be written.
 */
export async function importServers(options: ImportOptions, conversation: Conversation): Promise<void> {
  const { clients, json, dryRun, force, cwd } = options;
  const { write } = conversation;
  const files = await findFiles(options);
  const asks = clients.length === 0 && !json && canAsk(conversation);
  if (!json) write(listing(files, { numbered: asks }));
  if (clients.length === 0 && !asks) {
    if (json) write(inJson(files));
    throw undecided(files);
  }

  const target = chooseTarget({ ...options, force: force || dryRun });
  const usable = usableIn(files);
  if (usable.length === 0) throw new BridgeError('USAGE', 'none of these servers can be bridged');
  const chosen = asks ? await askWhich(usable, conversation) : usable;
  if (chosen.length === 0) throw new BridgeError('USAGE', 'nothing was chosen');
  const servers = new Map(chosen.map(({ as, entry }) => [as, entry]));
  if (dryRun && !json) return write(configText({ servers: withoutValues(servers) }, target, cwd));

  const text = configText({ servers }, target, cwd);
  const loss = await lossOf(target, text);
  if (!dryRun) await writeConfig(text, target);
  if (json) {
    const { variables: unset, files: missing } = lacksOf(servers, options);
    const values = namesOfValues(servers);
    write(inJson(files, { output: target.path, written: !dryRun, loss, values, unset, missing }));
  } else write(outcome({ target, servers, inputs: chosen.flatMap(({ inputs }) => inputs), loss }, options));
}

/** @throws BridgeError `USAGE` when no client has any. */
async function findFiles({ clients, ...place }: ImportOptions): Promise<FoundFile[]> {
  const known = clientFiles(place).filter(({ client }) => clients.length === 0 || clients.includes(client));
  const files = await findServers(known);
  if (files.length > 0) return files;
  const places = known.map(({ path }) => `  ${path}`).join('\n');
  throw new BridgeError('USAGE', `no servers are found in any of\n${places}`);
}

async function askWhich(usable: readonly UsableServer[], conversation: Conversation): Promise<UsableServer[]> {
  const questions = openQuestions(conversation);
  try {
    const indexes = await questions.ask(WHICH, readChoice(usable.length));
    return usable.filter((_, index) => indexes.includes(index));
  } finally {
    questions.close();
  }
}

function undecided(files: readonly FoundFile[]): BridgeError {
  const words = [...new Set(files.map(({ client }) => client))].join(' ');
  return new BridgeError('USAGE', `say whose servers are meant: mcp-bridge import ${words}`);
}

function inJson(files: readonly FoundFile[], result: object = {}): string {
  const shown = files.map((file) => ({ ...file, servers: file.servers.map(withoutEntry) }));
  return `${JSON.stringify({ files: shown, ...result }, null, 2)}\n`;
}

/** What is in the entry may be secret. */
function withoutEntry(server: FoundServer): object {
  return 'leftOut' in server ? server : { name: server.name, as: server.as };
}
