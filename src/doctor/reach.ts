import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { BlockList, connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { isLoopbackUrl } from '../config/loopback.ts';
import { messageOf } from '../errors.ts';
import { failed, listed, type Outcome, ok, warning } from './finding.ts';
import { PATIENCE } from './send.ts';
import type { Check, Visit } from './visit.ts';

/** Whether the URL leads anywhere. */
export const REACH: readonly Check[] = [
  { name: 'url', title: 'URL', look: judgeUrl },
  { name: 'dns', title: 'Name', look: lookUp },
  { name: 'tcp', title: 'Connection', look: connectTo },
  { name: 'tls', title: 'Certificate', look: checkCertificate },
];

function judgeUrl({ url, address, chart }: Visit): Outcome {
  const { protocol, pathname, username, search, hash } = url;
  if (protocol !== 'https:' && !isLoopbackUrl(url))
    return failed(
      `${address} is not https`,
      'Clients on the internet take https only: put a tunnel or a reverse proxy with a certificate before the server.',
    );
  if (username !== '' || hash !== '') {
    chart.isOver = true; // It could not be sent anywhere.
    return failed('it has a user or a fragment in it', 'Take that out: clients refuse it, or leave it away.');
  }
  if (search !== '') return warning('it has a query', 'URLs end up in logs: if that is a token, send it in a header.');
  if (pathname === '/')
    return warning(`${address} has no path`, 'Most servers serve MCP at /mcp: check that this is the whole URL.');
  if (isLoopbackUrl(url)) return ok(`${address}, which only programs of this machine can reach`);
  return ok(address);
}

async function lookUp({ url, isDirect, chart }: Visit): Promise<Outcome | undefined> {
  const host = hostOf(url);
  if (!isDirect || isIP(host) !== 0) return judgePlace(url, [host]);
  try {
    const found = await lookup(host, { all: true });
    const addresses = found.map((each) => each.address);
    return judgePlace(url, addresses) ?? ok(`${host} is ${listed(addresses)}`);
  } catch (error) {
    chart.isOver = true;
    return failed(
      `${host} is not found (${messageOf(error)})`,
      'Check the spelling. The name of a tunnel goes with the tunnel, and a new one takes up to a minute to be known.',
    );
  }
}

/** A name that clients can look up is of no use when it leads into the owner's network. */
function judgePlace(url: URL, addresses: readonly string[]): Outcome | undefined {
  if (isLoopbackUrl(url) || !addresses.some((each) => isIP(each) !== 0) || !addresses.every(isPrivate))
    return undefined;
  return warning(
    `${hostOf(url)} is ${listed(addresses)}, which only your own network can reach`,
    'Clients on the internet need a public address: use a tunnel.',
  );
}

async function connectTo({ url, isDirect, signal, chart }: Visit): Promise<Outcome | undefined> {
  if (!isDirect) return undefined;
  const started = performance.now();
  try {
    const socket = await opened(connect({ host: hostOf(url), port: portOf(url) }), 'connect', signal);
    socket.destroy();
    return ok(`${url.host} accepts connections`, performance.now() - started);
  } catch (error) {
    signal.throwIfAborted();
    chart.isOver = true;
    return failed(
      `${url.host} accepts no connection (${causeOf(error)})`,
      'Start the server or the tunnel, and check the port and the firewall.',
    );
  }
}

async function checkCertificate({ url, isDirect, signal, chart }: Visit): Promise<Outcome | undefined> {
  if (!isDirect || url.protocol !== 'https:') return undefined;
  const host = hostOf(url);
  // Also a bad certificate is wanted here, to say what is wrong with it. Nothing is sent over this connection.
  const options = { host, port: portOf(url), rejectUnauthorized: false, ...(isIP(host) === 0 && { servername: host }) };
  try {
    const socket = await opened(connectTls(options), 'secureConnect', signal);
    const outcome = judgeCertificate(socket);
    socket.destroy();
    chart.isOver = outcome.verdict === 'failed';
    return outcome;
  } catch (error) {
    signal.throwIfAborted();
    chart.isOver = true;
    return failed(
      `${url.host} does not speak TLS (${causeOf(error)})`,
      'Check the port; a server without a certificate needs a tunnel or a reverse proxy before it.',
    );
  }
}

function judgeCertificate(socket: TLSSocket): Outcome {
  const { valid_to: end, subject } = socket.getPeerCertificate();
  const days = Math.floor((Date.parse(end) - Date.now()) / DAY);
  if (!socket.authorized)
    return failed(
      `it is not trusted (${socket.authorizationError}); it is for ${subject?.CN ?? 'nobody'}, until ${end}`,
      'Clients refuse it: use one of a public authority, as tunnels and Caddy do by themselves, with its whole chain.',
    );
  if (days < FEW_DAYS) return warning(`it ends in ${days} days`, 'See to it that it is renewed in time.');
  return ok(`it is trusted, and good for ${days} more days`);
}

const DAY = 24 * 60 * 60_000;
/** Who renews by a program does it a month before the end. */
const FEW_DAYS = 14;

async function opened<Kind extends Socket>(socket: Kind, event: string, signal: AbortSignal): Promise<Kind> {
  try {
    await once(socket, event, { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]) });
    return socket;
  } catch (error) {
    socket.on('error', () => {}); // It was given up; what else goes wrong with it is of no interest.
    socket.destroy();
    throw error;
  }
}

/** Of several addresses each has its own reason; the first will do. */
function causeOf(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const { code } = Object(first) as { code?: unknown };
  return code === 'ABORT_ERR' ? `no answer within ${PATIENCE / 1000} s` : messageOf(first);
}

/** Without the brackets of an IPv6 address. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/** Addresses that the internet does not lead to (RFC 1918, 3927, 4193, 4291, 6598). */
const PRIVATE = new BlockList();
for (const [net, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['127.0.0.0', 8],
] as const)
  PRIVATE.addSubnet(net, prefix, 'ipv4');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');
PRIVATE.addAddress('::1', 'ipv6');

function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
