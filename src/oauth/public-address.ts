import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * Whether an address is one of the public internet: not of a special use (IANA's IPv4 and IPv6 Special-Purpose Address
 * Registries), and not in a network of this machine's own, since all of a home has public addresses with IPv6.
 *
 * @param interfaces default: those of the moment, since laptops move.
 */
export function isPublicAddress(address: string, interfaces: Interfaces = networkInterfaces()): boolean {
  if (isIPv4(address)) return !SPECIAL_V4.check(address, 'ipv4') && !ownNetworks(interfaces).check(address, 'ipv4');
  // A zone (`fe80::1%eth0`) belongs to addresses of one link only, and block lists do not know it.
  if (!isIPv6(address) || address.includes('%')) return false;
  const isGlobal = GLOBAL_V6.check(address, 'ipv6') && !SPECIAL_V6.check(address, 'ipv6');
  return isGlobal && !ownNetworks(interfaces).check(address, 'ipv6');
}

export type Interfaces = ReturnType<typeof networkInterfaces>;

const SPECIAL_V4 = blockList('ipv4', [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT, and a cloud's metadata
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // a cloud's metadata, though the address is public
  '169.254.0.0/16', // link-local, and most clouds' metadata
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
]);

/** All that is given out so far. Loopback, link-local, unique local, multicast, mapped IPv4 and NAT64 are outside. */
const GLOBAL_V6 = blockList('ipv6', ['2000::/3']);

const SPECIAL_V6 = blockList('ipv6', [
  '2001::/23', // protocol assignments, Teredo
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, which may hold a private IPv4 address
  '3fff::/20', // documentation
]);

function blockList(family: 'ipv4' | 'ipv6', networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) addNetwork(list, network, family);
  return list;
}

function ownNetworks(interfaces: Interfaces): BlockList {
  const list = new BlockList();
  for (const { cidr, family } of Object.values(interfaces).flatMap((addresses) => addresses ?? [])) {
    if (cidr !== null) addNetwork(list, cidr, family === 'IPv4' ? 'ipv4' : 'ipv6');
  }
  return list;
}

function addNetwork(list: BlockList, network: string, family: 'ipv4' | 'ipv6'): void {
  const [address = '', prefix] = network.split('/');
  list.addSubnet(address, Number(prefix), family);
}
