import { hashOfCatalog } from '../catalog/published.ts';
import type { Log } from '../log.ts';
import type { Client } from '../protocol/exchange.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { PublishedCatalog } from '../state/published.ts';
import type { PublishedReader, ShownName } from '../state/published-state.ts';
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
  /** By the key of the reader. */
  #outdated: ReadonlyMap<string, Outdated> = new Map();

  constructor({ place, published, log }: FrozenListsOptions) {
    this.#where = place === '' ? '' : ` at ${place}`;
    this.#published = published;
    this.#log = log;
  }

  /** Clients whose list is not what they would get now, by what their users know them as. */
  get outdated(): readonly string[] {
    return clientsOf([...this.#outdated.values()]);
  }

  /** Whose tool was once shown under a name. That somebody asks for it keeps it from being forgotten. */
  formerTool(exposed: string): ShownName | undefined {
    const shown = this.#published.aliasOf(exposed);
    if (shown) this.#published.record([shown]);
    return shown;
  }

  /** Takes note of what a client was shown: all that there is, or a page of it. */
  note({ client, tools, isWhole, view: { tools: names, programOf } }: Shown): void {
    const shown = tools.flatMap((tool) => {
      const exposed = tool.string('name') ?? '';
      const target = names.lookup(exposed);
      return target ? [{ exposed, ...target, program: programOf(target.server) }] : [];
    });
    const reader = client.listens ? undefined : readerOf(client);
    this.#published.record(shown, reader && { ...reader, hash: isWhole ? hashOfCatalog(tools) : UNKNOWN });
    if (reader) this.#drop(({ key }) => key === reader.key);
  }

  /** Compares what clients were shown with what they would be shown now, and tells the owner where that differs. */
  async compare(current: (readOnly: boolean) => Promise<readonly RawJson[]>): Promise<void> {
    const hashes = new Map<boolean, string>();
    for (const readOnly of new Set(this.#keepers.map(({ key }) => isReaderKey(key))))
      hashes.set(readOnly, hashOfCatalog(await current(readOnly)));
    // Looked at only now, as some may have read their lists anew meanwhile.
    const outdated = this.#keepers.flatMap(({ key, client, hash }) => {
      const now = hashes.get(isReaderKey(key)) ?? hash;
      return now === hash ? [] : [{ key, client, now }];
    });
    const news = outdated.filter(({ key, now }) => this.#outdated.get(key)?.now !== now);
    this.#outdated = new Map(outdated.map((each) => [each.key, each]));
    for (const client of clientsOf(news)) this.#tell(client);
  }

  /** Forgets what principals were shown that are none any more. */
  end(isOver: (principalId: string) => boolean): void {
    const isTheirs = (reader: KnownReader) => isOver(principalIdOf(reader));
    for (const { key, client, hash } of this.#published.readers.filter(isTheirs))
      if (hash !== UNKNOWN) this.#published.record([], { key, client, hash: UNKNOWN });
    this.#drop(isTheirs);
  }

  /** Those who will not ask for a list that they have. */
  get #keepers(): readonly PublishedReader[] {
    return this.#published.readers.filter(({ client, hash }) => hash !== UNKNOWN && keepsLists(client));
  }

  #drop(isMeant: (outdated: Outdated) => boolean): void {
    this.#outdated = new Map([...this.#outdated].filter(([, each]) => !isMeant(each)));
  }

  #tell(client: string): void {
    this.#log.warn(
      `the tools${this.#where} have changed since ${client} read them: it still shows the old list. Press Refresh in the connector's settings there`,
    );
  }
}

interface Shown {
  readonly client: Client;
  readonly tools: readonly RawJson[];
  /** Whether there are no other pages. */
  readonly isWhole: boolean;
  readonly view: Pick<View, 'tools' | 'programOf'>;
}

type KnownReader = Pick<PublishedReader, 'key' | 'client'>;

/** A reader that has been told of. */
interface Outdated extends KnownReader {
  /** Of the list that it would get. */
  readonly now: string;
}

function clientsOf(outdated: readonly Outdated[]): string[] {
  return [...new Set(outdated.map(({ client }) => inOwnersWords(client)))];
}

/** A client that says no more of itself than ChatGPT does: it keeps no session. */
const UNNAMED = 'ChatGPT (or another client without a session)';
const READS = 'read:';
const USES = 'all:';
/** In place of a hash, of who reads in pages, or is gone: what is remembered by several bridges is only ever added to. */
const UNKNOWN = '';

function readerOf({ principal, opening }: Client): KnownReader {
  const name = opening.raw('clientInfo')?.string('name')?.slice(0, MAX_NAME_LENGTH);
  return { key: `${principal.readOnly ? READS : USES}${principal.id}:${name ?? ''}`, client: name ?? UNNAMED };
}

/** The inverse of {@link readerOf}. Both ids and names may have colons in them. */
function principalIdOf({ key, client }: KnownReader): string {
  const name = client === UNNAMED ? '' : client;
  return key.slice(key.indexOf(':') + 1, -1 - name.length);
}

const MAX_NAME_LENGTH = 100;

function isReaderKey(key: string): boolean {
  return key.startsWith(READS);
}

/** Others ask anew when they connect. */
function keepsLists(client: string): boolean {
  return client === UNNAMED || /openai|chatgpt/i.test(client);
}

/** OpenAI's clients call themselves `openai-mcp`, and their users call them ChatGPT. */
function inOwnersWords(client: string): string {
  return /openai/i.test(client) ? `ChatGPT (${client})` : client;
}
