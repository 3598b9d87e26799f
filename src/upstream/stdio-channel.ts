import type { UpstreamSettings } from '../config/settings.ts';
import { BridgeError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { readFairly } from '../process/read-fairly.ts';
import { describeExit, type ServerProcess, spawnServer } from '../process/spawn.ts';
import type { Watchdog } from '../process/watchdog.ts';
import { type Envelope, envelopeOfBroken, LineReader, LineWriter, type OversizedLine } from '../protocol/framing.ts';
import { errorFrame, INTERNAL_ERROR, type Message, MessageError, parseMessages } from '../protocol/message.ts';
import type { Channel, OpenChannel } from './channel.ts';
import { createRedactor, type Redact } from './redact.ts';

export interface StdioChannelOptions {
  readonly settings: UpstreamSettings;
  readonly watchdog: Watchdog;
  readonly log: Log;
  /** Hears each line of the server's stderr. */
  readonly onStderrLine?: ((line: string) => void) | undefined;
}

/** Opens channels to a server that is spawned and spoken to over its stdin and stdout (MCP's stdio transport). */
export function openStdio(options: StdioChannelOptions): OpenChannel {
  return (receive) => new StdioChannel(options, receive);
}

class StdioChannel implements Channel {
  readonly closed: Promise<BridgeError>;
  readonly redact: Redact;
  readonly #options: StdioChannelOptions;
  readonly #receive: (message: Message) => void;
  readonly #started: Promise<ServerProcess>;
  #child: ServerProcess | undefined;
  #writer: LineWriter | undefined;
  /** What was sent before the process ran. */
  #early: string[] = [];
  #noise = 0;
  #isClosing = false;
  isEnding = false;

  constructor(options: StdioChannelOptions, receive: (message: Message) => void) {
    this.#options = options;
    this.#receive = receive;
    this.redact = createRedactor(options.settings.env);
    this.#started = this.#start();
    this.closed = this.#started.then(
      async (child) => this.#reason(describeExit(await child.exited, child.stderrTail())),
      (error) => (error instanceof BridgeError ? error : new BridgeError('SPAWN', messageOf(error), { cause: error })),
    );
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get backlog(): number {
    return this.#writer?.backlog ?? 0;
  }

  send(text: string): void {
    if (this.#writer) this.#writer.send(text);
    else this.#early.push(text);
  }

  async close(options: { immediately?: boolean } = {}): Promise<void> {
    this.#isClosing = true;
    const child = await this.#started.catch(() => undefined); // It never ran; `closed` tells why.
    // What was sent last, as that a call is given up, must not come behind the end.
    this.#writer?.flush();
    await child?.terminate(options);
  }

  async #start(): Promise<ServerProcess> {
    const { settings, watchdog, log, onStderrLine } = this.#options;
    const { name, command, args, cwd, env, shell, maxMessage } = settings;
    const child = await spawnServer({
      name,
      command,
      args,
      cwd,
      env,
      shell,
      watchdog,
      redact: this.redact,
      onStderrLine: (line) => {
        log.debug(`${name} says on stderr: ${line}`);
        onStderrLine?.(line);
      },
    });
    const reader = new LineReader(maxMessage, {
      line: (text) => this.#take(text),
      oversized: (line) => this.#takeOversized(line),
    });
    readFairly(child.stdout, (chunk) => reader.push(chunk));
    child.stdout.once('end', () => {
      reader.end();
      // Whoever cannot answer is of no use, even if it goes on.
      this.isEnding = true;
      void child.terminate();
    });
    this.#child = child;
    this.#writer = new LineWriter(child.stdin);
    for (const text of this.#early.splice(0)) this.#writer.send(text);
    return child;
  }

  #take(text: string): void {
    // Errors are dear where a server prints its log here.
    if (isNoise(text)) return this.#skip(text.length);
    let messages: Message | Message[];
    try {
      messages = parseMessages(text, 'server');
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      const envelope = envelopeOfBroken(text);
      const message = `${this.#options.settings.name}: a message cannot be read: ${error.message}`;
      return envelope ? this.#replace(envelope, message) : this.#skip(text.length);
    }
    if (Array.isArray(messages)) for (const message of messages) this.#receive(message);
    else this.#receive(messages);
  }

  /** Banners and log lines do not belong on stdout, but many servers put them there. */
  #skip(characters: number): void {
    const { settings, log } = this.#options;
    this.#noise += 1;
    if (this.#noise === 1)
      log.warn(`${settings.name}: skipped a line on stdout that is no MCP message`, { characters });
    else log.debug(`${settings.name}: skipped line ${this.#noise} on stdout that is no MCP message`, { characters });
  }

  #takeOversized({ bytes, envelope }: OversizedLine): void {
    const { name, maxMessage } = this.#options.settings;
    const limit = `longer than the limit of ${maxMessage} (--max-message)`;
    this.#replace(envelope, `${name}: a message of ${bytes} bytes is ${limit}`);
  }

  /** Whoever waits for a message gets an error in its place; nobody else notices. */
  #replace({ id, isResponse }: Envelope, message: string): void {
    this.#options.log.warn(message);
    const error = errorFrame(INTERNAL_ERROR, message, undefined, id);
    if (isResponse) this.#receive({ kind: 'response', id, frame: error });
    else if (id !== 'null') this.send(error.text);
  }

  #reason(description: string): BridgeError {
    const { name } = this.#options.settings;
    if (this.#isClosing) return new BridgeError('CLOSED', `${name}: stopped`);
    return new BridgeError('UPSTREAM_EXITED', `${name}: the server ${description}`);
  }
}

/** Whether a line is neither JSON of the kind that messages are, nor has one within. */
function isNoise(line: string): boolean {
  return !/^\s*[[{]/.test(line) && !line.includes('"jsonrpc"');
}
