import type { UpstreamSettings } from '../config/settings.ts';
import { BridgeError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { describeExit, type ServerProcess, spawnServer } from '../process/spawn.ts';
import type { Watchdog } from '../process/watchdog.ts';
import { LineReader, LineWriter, type OversizedLine } from '../protocol/framing.ts';
import { errorFrame, INTERNAL_ERROR, type Message, MessageError, parseMessages } from '../protocol/message.ts';
import type { Channel, OpenChannel } from './channel.ts';

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
  readonly #options: StdioChannelOptions;
  readonly #receive: (message: Message) => void;
  readonly #redact: (text: string) => string;
  readonly #started: Promise<ServerProcess>;
  #process: ServerProcess | undefined;
  #writer: LineWriter | undefined;
  /** What was sent before the process ran. */
  #early: string[] = [];
  #noise = 0;
  #isClosing = false;

  constructor(options: StdioChannelOptions, receive: (message: Message) => void) {
    this.#options = options;
    this.#receive = receive;
    this.#redact = redactor(options.settings.env);
    this.#started = this.#start();
    this.closed = this.#started.then(
      async (process) => this.#reason(process, describeExit(await process.exited, process.stderrTail())),
      (error) => (error instanceof BridgeError ? error : new BridgeError('SPAWN', messageOf(error), { cause: error })),
    );
  }

  get pid(): number | undefined {
    return this.#process?.pid;
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
    const process = await this.#started.catch(() => undefined); // It never ran; `closed` tells why.
    await process?.terminate(options);
  }

  async #start(): Promise<ServerProcess> {
    const { settings, watchdog, log, onStderrLine } = this.#options;
    const { name, command, args, cwd, env, shell, maxMessage } = settings;
    const process = await spawnServer({
      name,
      command,
      args,
      cwd,
      env,
      shell,
      watchdog,
      onStderrLine: (line) => {
        const redacted = this.#redact(line);
        log.debug(`${name} says on stderr: ${redacted}`);
        onStderrLine?.(redacted);
      },
    });
    const reader = new LineReader(maxMessage, {
      line: (text) => this.#take(text),
      oversized: (line) => this.#takeOversized(line),
    });
    process.stdout.on('data', (chunk: Buffer) => reader.push(chunk));
    process.stdout.once('end', () => reader.end());
    this.#process = process;
    this.#writer = new LineWriter(process.stdin);
    for (const text of this.#early.splice(0)) this.#writer.send(text);
    return process;
  }

  #take(text: string): void {
    let messages: Message | Message[];
    try {
      messages = parseMessages(text, 'unchecked');
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      return this.#skip(text.length);
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

  /** Whoever waits for the message gets an error in its place; nobody else notices. */
  #takeOversized({ bytes, envelope }: OversizedLine): void {
    const { name, maxMessage } = this.#options.settings;
    const message = `${name}: a message of ${bytes} bytes is longer than the limit of ${maxMessage} (--max-message)`;
    this.#options.log.warn(message);
    const error = errorFrame(INTERNAL_ERROR, message, undefined, envelope.id);
    if (envelope.isResponse) this.#receive({ kind: 'response', id: envelope.id, frame: error });
    else if (envelope.id !== 'null') this.send(error.text);
  }

  #reason({ pid }: ServerProcess, description: string): BridgeError {
    const { name } = this.#options.settings;
    if (this.#isClosing) return new BridgeError('CLOSED', `${name}: stopped`);
    return new BridgeError('UPSTREAM_EXITED', this.#redact(`${name}: the server (process ${pid}) ${description}`));
  }
}

/** Servers quote their settings when they fail; the secrets among them are nobody else's business. */
function redactor(env: Readonly<Record<string, string>>): (text: string) => string {
  const secrets = Object.entries(env)
    .filter(([key, value]) => /TOKEN|KEY|SECRET|PASS|AUTH|CREDENTIAL/i.test(key) && value.length >= 6)
    .map(([, value]) => value);
  return (text) => secrets.reduce((redacted, secret) => redacted.replaceAll(secret, '***'), text);
}
