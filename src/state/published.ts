import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import {
  type CatalogState,
  EMPTY,
  isKnown,
  merged,
  type News,
  type PublishedReader,
  type PublishedState,
  parseState,
  type Reader,
  type ShownName,
  toState,
} from './published-state.ts';
import { StateFile } from './state-file.ts';

/** What clients were shown of one catalog. */
export interface PublishedCatalog {
  /** What a name stood for when it was shown last; `undefined` when that is not known, or longer ago than 180 days. */
  aliasOf(exposed: string): ShownName | undefined;
  /** Who got a list of tools within 180 days, the latest first; at most 100. */
  readonly readers: readonly PublishedReader[];
  /**
   * Remembers what is shown now, and to whom; or what was called under a former name, so that it outlasts its 180 days.
   * It is written soon, unless it is known.
   */
  record(shown: readonly ShownName[], reader?: Reader): void;
}

/**
 * Under which names tools were shown: some clients go on calling them so for months, whatever has become of the catalog.
 *
 * It is kept in `published.json`, which several bridges may share; each knows what the others showed before it started, or before it wrote
 * last. Where that file cannot be used, it stays as it is, and what is remembered ends with the bridge: nothing is refused for it.
 */
export class Published {
  readonly #file: StateFile<PublishedState>;
  readonly #log: Log;
  #catalogs: readonly CatalogState[] = [];
  #isDirty = false;
  #hasWarned = false;
  #timer: NodeJS.Timeout | undefined;
  #lastWrite: Promise<void> = Promise.resolve();

  /** Never rejects: that the file cannot be used is logged, once. */
  static async open(folder: string, log: Log): Promise<Published> {
    const published = new Published(join(folder, 'published.json'), log);
    await published.#attempt(async () => published.#adopt(await published.#file.read()));
    return published;
  }

  private constructor(path: string, log: Log) {
    this.#file = new StateFile({ path, what: 'former names of tools', empty: EMPTY, parse: parseState });
    this.#log = log;
  }

  /** The names of one catalog are not those of another, which has another key. */
  catalog(key: string): PublishedCatalog {
    const find = () => this.#catalogs.find((catalog) => catalog.key === key);
    return {
      aliasOf(exposed) {
        const found = find()?.names.find((name) => name.exposed === exposed);
        if (!found) return undefined;
        const { seen, ...shown } = found;
        return shown;
      },
      get readers() {
        return find()?.readers ?? [];
      },
      record: (shown, reader) => this.#record({ key, shown, reader }, find()),
    };
  }

  /** Resolves once all that was recorded is durable, or is known not to be. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isDirty) this.#lastWrite = this.#write();
    await this.#lastWrite;
  }

  #record(news: News, known: CatalogState | undefined): void {
    const now = Date.now();
    const catalog = toState(news, now);
    if (isKnown(catalog, known, now)) return;
    this.#catalogs = merged([catalog], this.#catalogs, now);
    this.#isDirty = true;
    this.#timer ??= setTimeout(() => this.flush(), WRITE_DELAY).unref();
  }

  async #write(): Promise<void> {
    this.#isDirty = false;
    const isWritten = await this.#attempt(async () => {
      const merge = (before: PublishedState) => {
        const catalogs = merged(before.catalogs, this.#catalogs, Date.now());
        const state = catalogs === before.catalogs ? before : { ...before, catalogs };
        return { state, result: state };
      };
      this.#adopt(await this.#file.update(merge));
    });
    // Then the next change tries again, and so does the next to flush.
    if (!isWritten) this.#isDirty = true;
  }

  /** Adds to what may have been recorded meanwhile. */
  #adopt({ catalogs }: PublishedState): void {
    this.#catalogs = merged(this.#catalogs, catalogs, Date.now());
  }

  /** Resolves with whether the task was done. */
  async #attempt(task: () => Promise<void>): Promise<boolean> {
    try {
      await task();
      return true;
    } catch (error) {
      if (!this.#hasWarned)
        this.#log.warn(`The names that tools have now are forgotten with this bridge: ${messageOf(error)}`);
      this.#hasWarned = true;
      return false;
    }
  }
}

/** Milliseconds. Long enough for clients that come back all at once after a restart. */
const WRITE_DELAY = 500;
