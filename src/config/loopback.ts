import { isIPv4 } from 'node:net';

/** Whether an address or name can only mean this machine (RFC 6761, section 6.3). */
export function isLoopback(host: string): boolean {
  const isName = host === 'localhost' || host.endsWith('.localhost');
  return isName || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** The same for the host of a URL, where IPv6 addresses stand in brackets. */
export function isLoopbackUrl(url: string | URL): boolean {
  return isLoopback(new URL(url).hostname.replace(/^\[(.*)\]$/, '$1'));
}
