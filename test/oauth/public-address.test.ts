import { describe, expect, it } from 'vitest';
import { type Interfaces, isPublicAddress } from '../../src/oauth/public-address.ts';

describe('an address of the public internet', () => {
  it.each(['8.8.8.8', '1.1.1.1', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.0', '223.255.255.255'])(
    'is %s',
    (address) => expectVerdict(address, true),
  );
  it.each(['2606:4700:4700::1111', '2a00:1450:4001::1', '2001:200::1', '3ffe:ffff::1'])('is %s', (address) =>
    expectVerdict(address, true),
  );
});

describe('an address that is not of the public internet', () => {
  it.each([
    ['this network', '0.0.0.0'],
    ['this network', '0.255.255.255'],
    ['private', '10.1.2.3'],
    ['carrier-grade NAT', '100.64.0.1'],
    ["a cloud's metadata", '100.100.100.200'],
    ["a cloud's metadata", '168.63.129.16'],
    ["a cloud's metadata", '169.254.169.254'],
    ["a cloud's metadata", '192.0.0.192'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['documentation', '192.0.2.1'],
    ['a 6to4 relay', '192.88.99.1'],
    ['private', '192.168.0.1'],
    ['benchmarks', '198.19.0.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['multicast', '224.0.0.1'],
    ['multicast', '239.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['mapped IPv4', '::ffff:127.0.0.1'],
    ['mapped IPv4, even if public', '::ffff:8.8.8.8'],
    ['compatible IPv4', '::127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['local NAT64', '64:ff9b:1::a00:1'],
    ['discarded', '100::1'],
    ['Teredo', '2001:0:4136:e378::1'],
    ['documentation', '2001:db8::1'],
    ['6to4 of loopback', '2002:7f00:1::1'],
    ['documentation', '3fff::1'],
    ['segment routing', '5f00::1'],
    ['unique local', 'fd00:ec2::254'],
    ['unique local', 'fc00::1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['public with a zone', '2606:4700::1%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['no address', 'localhost'],
    ['no address', '0x7f.1'],
    ['no address', '8.8.8'],
    ['no address', ''],
  ])('%s: %s', (_, address) => expectVerdict(address, false));
});

it('is told apart with the networks of the moment, too', () => {
  expect(isPublicAddress('127.0.0.1')).toBe(false);
});

describe("a network of this machine's own", () => {
  it('is not public, whatever its addresses are', () => {
    const more = { netmask: '', mac: '', internal: false } as const;
    const interfaces: Interfaces = {
      lo: [{ ...more, address: '127.0.0.1', family: 'IPv4', cidr: null }],
      eth0: [
        { ...more, address: '9.9.9.20', family: 'IPv4', cidr: '9.9.9.20/24' },
        { ...more, address: '2a01:1:2:3::20', family: 'IPv6', cidr: '2a01:1:2:3::20/64', scopeid: 0 },
      ],
    };
    const verdict = (address: string) => isPublicAddress(address, interfaces);
    expect(['9.9.9.1', '2a01:1:2:3:4::1'].map(verdict)).toEqual([false, false]);
    expect(['9.9.10.1', '2a01:1:2:4::1'].map(verdict)).toEqual([true, true]);
  });
});

function expectVerdict(address: string, isPublic: boolean): void {
  expect(isPublicAddress(address, {})).toBe(isPublic);
}
