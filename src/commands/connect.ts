import { BridgeError } from '../errors.ts';
import { CLIENTS, type ClientWord, type Guide, type Reachable } from '../terminal/clients.ts';
import type { CommandOutput } from './output.ts';
import { findBridge, reasonOf, type WhichBridge } from './running-bridge.ts';

export interface ConnectOptions extends WhichBridge {
  readonly client: ClientWord;
  /** Whether a program reads it. */
  readonly json: boolean;
  /** Whether to show the URL as a QR code as well. */
  readonly qr: boolean;
}

/**
 * `mcp-bridge connect`: how to connect a client to the bridge that runs.
 * @throws BridgeError when there is none, or more than one, or the client cannot reach it.
 */
export async function connect(options: ConnectOptions, { write }: Pick<CommandOutput, 'write'>): Promise<void> {
  const { title, guide } = CLIENTS[options.client];
  const found = guide(await askBridge(options));
  if ('lack' in found) throw new BridgeError('USAGE', `${title} ${found.lack}`);
  const { brief: _, ...rest } = found;
  write(options.json ? `${JSON.stringify({ client: title, ...rest }, undefined, 2)}\n` : inWords(title, found));
  if (options.qr && found.url !== undefined) write(`\n${await qrCode(found.url)}\n`);
}

async function qrCode(text: string): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr');
  return renderUnicodeCompact(text);
}

/** Bridges that ask nobody anything have not told where they are, but their usual port is known. */
async function askBridge(which: WhichBridge): Promise<Reachable> {
  const bridge = await findBridge(which);
  const status = await ask(bridge?.local ?? `http://127.0.0.1:${which.localPort ?? USUAL_LOCAL_PORT}`);
  return bridge === undefined ? status : { ...status, urls: withSecret(status.urls, bridge.url) };
}

const USUAL_LOCAL_PORT = 8001;

async function ask(local: string): Promise<Reachable> {
  try {
    const response = await fetch(`${local}/status`, { signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    const status: unknown = await response.json();
    if (isReachable(status)) return status;
    throw new Error('what answers there is no bridge');
  } catch (error) {
    const next = 'start one, or say --local-port, or --state-folder where it was started with one';
    throw new BridgeError('USAGE', `no bridge is found at ${local} (${reasonOf(error)}); ${next}`, { cause: error });
  }
}

/** It is on this machine, and has nothing to wait for. Milliseconds. */
const TIMEOUT = 5000;

function isReachable(status: unknown): status is Reachable {
  const { urls, access }: Partial<Record<keyof Reachable, unknown>> = Object(status);
  return Object(urls) === urls && Object(access) === access;
}

/** The status names no secret: what its dots stand for is in the URL that was announced to the owner. */
function withSecret(urls: Reachable['urls'], announced: string): Reachable['urls'] {
  const shown = urls.public ?? urls.mcp ?? urls.sse ?? '';
  const [start = '', end] = shown.split(DOTS);
  if (end === undefined) return urls;
  const secret = announced.slice(start.length, announced.length - end.length);
  const whole = (url: string | undefined) => url?.replace(DOTS, secret);
  return { ...urls, mcp: whole(urls.mcp), sse: whole(urls.sse), public: whole(urls.public) };
}

const DOTS = '/...';

function inWords(title: string, { url, pastes, steps }: Guide): string {
  const heading = url === undefined ? title : `${title}, at ${url}`;
  const blocks = [
    heading,
    ...pastes.map(({ into, text }) => `In ${into}:\n\n${indent(text)}`),
    steps.map((step, index) => `${index + 1}. ${step}`).join('\n'),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
