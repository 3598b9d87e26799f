import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { GuardOptions, HostGuard } from '../../src/http/guard.ts';
import { createGuard } from './apps.ts';

/** What the guard says to a request with these headers: nothing, or the error's message. */
function verdict(guard: HostGuard, headers: { host?: string; origin?: string }): string {
  try {
    guard.check({ headers } as IncomingMessage);
    return 'ours';
  } catch (error) {
    expect(error).toMatchObject({ name: 'HttpError', status: 403 });
    return (error as Error).message;
  }
}

const UNKNOWN_HOST = 'Forbidden: unknown Host; name it with --allowed-host';
const UNKNOWN_ORIGIN = 'Forbidden: unknown Origin; name it with --cors';

describe('the Host of a request', () => {
  const LAN = { host: '0.0.0.0' };
  const NAMED = { allowedHosts: ['bridge.example.com', 'FD00::1'] };
  const ANY_CASE = { allowedHosts: ['Bridge.Example.COM'] };

  it.each<[host: string, bind: string, Partial<GuardOptions>]>([
    ['127.0.0.1', 'loopback', {}],
    ['127.0.0.1:8000', 'loopback', {}],
    ['127.8.9.10:1', 'loopback', {}],
    ['localhost', 'loopback', {}],
    ['LocalHost:65535', 'loopback', {}],
    ['my-app.localhost:8000', 'loopback', {}],
    ['[::1]', 'loopback', {}],
    ['[::1]:8000', 'loopback', {}],
    ['[0:0:0:0:0:0:0:1]:8000', 'loopback', {}],
    ['bridge.example.com', 'loopback, with allowed hosts', NAMED],
    ['BRIDGE.example.com:443', 'loopback, with allowed hosts', NAMED],
    ['[fd00::1]:8000', 'loopback, with allowed hosts', NAMED],
    ['localhost:8000', 'loopback, with allowed hosts', NAMED],
    ['bridge.example.com', 'loopback, with an allowed host in capitals', ANY_CASE],
    ['192.168.1.20:8000', 'one address', { host: '192.168.1.20' }],
    ['bridge.lan:8000', 'one name', { host: 'bridge.lan' }],
    ['192.168.1.20:8000', 'all addresses', LAN],
    ['203.0.113.7', 'all addresses', LAN],
    ['[fd00::1]:8000', 'all addresses', LAN],
    ['localhost:8000', 'all addresses', LAN],
    ['192.168.1.20:8000', 'all addresses of IPv6', { host: '::' }],
  ])('%s is ours, with a bind to %s', (host, _, options) => {
    expect(verdict(createGuard(options), { host })).toBe('ours');
  });

  it.each<[host: string, bind: string, Partial<GuardOptions>]>([
    ['evil.example.com', 'loopback', {}],
    ['evil.example.com:8000', 'loopback', {}],
    ['localhost.evil.example.com', 'loopback', {}],
    ['127.0.0.1.evil.example.com', 'loopback', {}],
    ['evil-localhost', 'loopback', {}],
    ['192.168.1.20:8000', 'loopback', {}],
    ['0.0.0.0:8000', 'loopback', {}],
    ['[::]:8000', 'loopback', {}],
    ['[fd00::1]', 'loopback', {}],
    ['localhost@evil.example.com', 'loopback', {}],
    ['localhost:8000@evil.example.com', 'loopback', {}],
    ['evil.example.com@localhost', 'loopback', {}],
    ['localhost/evil.example.com', 'loopback', {}],
    ['localhost?evil.example.com', 'loopback', {}],
    ['localhost#evil.example.com', 'loopback', {}],
    ['localhost\\evil.example.com', 'loopback', {}],
    ['localhost, evil.example.com', 'loopback', {}],
    ['http://localhost', 'loopback', {}],
    ['localhost:port', 'loopback', {}],
    ['localhost:99999', 'loopback', {}],
    ['::1', 'loopback', {}],
    ['', 'loopback', {}],
    ['example.com', 'loopback, with allowed hosts', NAMED],
    ['evil.bridge.example.com', 'loopback, with allowed hosts', NAMED],
    ['192.168.1.20', 'loopback, with allowed hosts', NAMED],
    ['evil.example.com:8000', 'all addresses', LAN],
    ['192.168.1.20.evil.example.com', 'all addresses', LAN],
    ['192.168.1.20@evil.example.com', 'all addresses', LAN],
  ])('%s is refused, with a bind to %s', (host, _, options) => {
    expect(verdict(createGuard(options), { host })).toBe(UNKNOWN_HOST);
  });

  it('is needed', () => {
    for (const host of ['127.0.0.1', '0.0.0.0']) expect(verdict(createGuard({ host }), {})).toBe(UNKNOWN_HOST);
  });

  it('is judged anew after each other one', () => {
    const guard = createGuard();
    const [ours, theirs] = ['localhost', 'evil.example.com'];
    const hosts = [ours, ours, theirs, theirs, ours, theirs, ours];
    const verdicts = hosts.map((host) => verdict(guard, { host }));
    expect(verdicts).toEqual(hosts.map((host) => (host === ours ? 'ours' : UNKNOWN_HOST)));
  });
});

describe('the Origin of a request', () => {
  const CORS = { corsOrigins: ['https://app.example.com'] };
  const ALLOWED = { allowedHosts: ['bridge.example.com'] };
  const LOOPBACK = { corsOrigins: ['loopback'] };
  const ANY = { corsOrigins: ['*'] };
  const of = (options: Partial<GuardOptions>, origin: string) => {
    const guard = createGuard(options);
    return { mayCall: verdict(guard, { host: 'localhost:8000', origin }), mayRead: guard.mayRead(origin) };
  };

  it.each<[string, Partial<GuardOptions>]>([
    ['http://localhost', {}],
    ['http://localhost:3000', {}],
    ['https://127.0.0.1:8443', {}],
    ['http://[::1]:6274', {}],
    ['http://app.localhost:3000', {}],
    ['https://bridge.example.com', ALLOWED],
    ['http://192.168.1.20:8000', { host: '192.168.1.20' }],
    ['http://localhost:3000', CORS],
  ])('%s may call and not read, with %o', (origin, options) => {
    expect(of(options, origin)).toEqual({ mayCall: 'ours', mayRead: false });
  });

  it.each<[string, Partial<GuardOptions>]>([
    ['https://app.example.com', CORS],
    ['http://localhost:3000', LOOPBACK],
    ['https://[::1]', LOOPBACK],
    ['http://app.localhost', LOOPBACK],
    ['https://anything.example.com', ANY],
    ['chrome-extension://abcdefgh', ANY],
    ['chrome-extension://abcdefgh', { corsOrigins: ['chrome-extension://abcdefgh'] }],
    ['null', ANY],
  ])('%s may call and read, with %o', (origin, options) => {
    expect(of(options, origin)).toEqual({ mayCall: 'ours', mayRead: true });
  });

  it.each<[string, Partial<GuardOptions>]>([
    ['https://evil.example.com', {}],
    ['http://localhost.evil.example.com', {}],
    ['http://127.0.0.1.evil.example.com', {}],
    ['http://localhost@evil.example.com', {}],
    ['http://192.168.1.20:8000', {}],
    ['null', {}],
    ['', {}],
    ['localhost', {}],
    ['*', {}],
    ['loopback', CORS],
    ['https://evil.example.com', LOOPBACK],
    ['null', LOOPBACK],
    ['http://app.example.com', CORS],
    ['https://app.example.com:8443', CORS],
    ['https://app.example.com.evil.example.com', CORS],
    ['https://evil.example.com', ALLOWED],
  ])('%s may neither call nor read, with %o', (origin, options) => {
    expect(of(options, origin)).toEqual({ mayCall: UNKNOWN_ORIGIN, mayRead: false });
  });

  it('does not help a Host that is not ours', () => {
    const guard = createGuard(ANY);
    const headers = { host: 'evil.example.com', origin: 'http://localhost' };
    expect(verdict(guard, headers)).toBe(UNKNOWN_HOST);
  });
});
