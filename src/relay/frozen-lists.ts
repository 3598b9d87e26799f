import { hashOfCatalog } from '../catalog/published.ts';
import type { Log } from '../log.ts';
import type { Client } from '../protocol/exchange.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { PublishedCatalog } from '../state/published.ts';
import type { ShownName } from '../state/published-state.ts';
import type { View } from './view.ts';

export interface FrozenListsOptions {
  /** Which catalog it is, for messages: the path of its URLs, without slashes around it; empty for that of all servers. */
  readonly place: string;
  /** What is remembered of it, over restarts. */
  readonly published: PublishedCatalog;
  readonly log: Log;
}

/**
 * What clients were last shown that are not told of changes. ChatGPT keeps the list that it got when its connector was made until
 * somebody presses Refresh, so the names in it have to stay good, and its owner has to hear of it.
 */
export class FrozenLists {
  readonly #where: string;
  readonly #published: PublishedCatalog;
  readonly #log: Log;
  /** What has been told already: a reader, and what has become of its list. */
  readonly #told = new Set<string>();
  #outdated: readonly string[] = [];

  constructor({ place, published, log }: FrozenListsOptions) {
    this.#where = place === '' ? '' : ` at ${place}`;
    this.#published = published;
    this.#log = log;
  }

  /** Clients whose list is not what they would get now, by how they call themselves. */
  get outdated(): readonly string[] {
    return this.#outdated;
  }

  /** Whose tool was once shown under a name. That somebody asks for it keeps it from being forgotten. */
  formerTool(exposed: string): ShownName | undefined {
    const shown = this.#published.aliasOf(exposed);
    if (shown) this.#published.record([shown]);
    return shown;
  }

  /** Takes note of what a client was shown. */
  note(
    client: Client,
    tools: readonly RawJson[],
    { tools: names, programOf }: Pick<View, 'tools' | 'programOf'>,
  ): void {
    const shown = tools.flatMap((tool) => {
      const exposed = tool.string('name') ?? '';
      const target = names.lookup(exposed);
      return target ? [{ exposed, ...target, program: programOf(target.server) }] : [];
    });
    const reader = client.listens ? undefined : { ...readerOf(client), hash: hashOfCatalog(tools) };
    this.#published.record(shown, reader);
    if (reader) this.#outdated = this.#outdated.filter((name) => name !== reader.client);
  }

  /** Compares what clients were shown with what they would be shown now, and tells the owner where that differs. */
  async compare(current: (readOnly: boolean) => Promise<readonly RawJson[]>): Promise<void> {
    const readers = this.#published.readers.filter(({ client, hash }) => hash !== GONE && keepsLists(client));
    const hashes = new Map<boolean, string>();
    for (const readOnly of new Set(readers.map(({ key }) => isReaderKey(key))))
      hashes.set(readOnly, hashOfCatalog(await current(readOnly)));
    const outdated = readers.filter(({ key, hash }) => hashes.get(isReaderKey(key)) !== hash);
    this.#outdated = [...new Set(outdated.map(({ client }) => client))];
    for (const { key, client } of outdated) this.#tell(client, `${key} ${hashes.get(isReaderKey(key))}`);
  }

  /** Forgets what a principal was shown that is none any more. */
  end(principalId: string): void {
    for (const { key, client } of this.#published.readers)
      if (key.includes(`:${principalId}:`)) this.#published.record([], { key, client, hash: GONE });
  }

  #tell(client: string, event: string): void {
    if (this.#told.has(event)) return;
    this.#told.add(event);
    this.#log.warn(
      `the tools${this.#where} have changed since ${client} read them: it still shows the old list. Press Refresh in the connector's settings there`,
    );
  }
}

/** A client that says no more of itself than ChatGPT does: it keeps no session. */
const UNNAMED = 'ChatGPT (or another client without a session)';
const READS = 'read:';
/** In place of a hash: what is remembered by several bridges is only ever added to. */
const GONE = '';

function readerOf({ principal, opening }: Client): { key: string; client: string } {
  const name = opening.raw('clientInfo')?.string('name')?.slice(0, MAX_NAME_LENGTH);
  return { key: `${principal.readOnly ? READS : 'all:'}${principal.id}:${name ?? ''}`, client: name ?? UNNAMED };
}

const MAX_NAME_LENGTH = 100;

function isReaderKey(key: string): boolean {
  return key.startsWith(READS);
}

/** Others ask anew when they connect. OpenAI's clients call themselves `openai-mcp`. */
function keepsLists(client: string): boolean {
  return client === UNNAMED || /openai|chatgpt/i.test(client);
}
