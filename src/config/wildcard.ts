import { isIPv6 } from 'node:net';

/** Whether an address to listen on stands for all of the machine's, and so is none that a client could call. */
export function isWildcard(host: string): boolean {
  const url = `http://${isIPv6(host) ? `[${host}]` : host}/`;
  // URL writes every spelling in one way: `0` is 0.0.0.0, and `0:0::` is `::`.
  return URL.canParse(url) && ['0.0.0.0', '[::]', '[::ffff:0:0]'].includes(new URL(url).hostname);
}
