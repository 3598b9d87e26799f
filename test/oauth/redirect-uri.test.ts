import { describe, expect, it } from 'vitest';
import { describeRedirect, matchesRedirect, redirectProblem } from '../../src/oauth/redirect-uri.ts';

describe('a redirect URI that may be registered', () => {
  it.each([
    'https://chatgpt.com/connector_platform_oauth_redirect',
    'https://app.example:8443/callback?tenant=1',
    'https://192.0.2.1/callback',
    'http://127.0.0.1/callback',
    'http://127.0.0.1:33418/',
    'http://127.0.0.1:33418',
    'http://[::1]:1234/callback',
    'http://localhost:8787/callback?x=1',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'vscode://vscode.example/callback',
    'com.example.app:/oauth2redirect',
    `https://app.example/${'a'.repeat(1980)}`,
  ])('is %s', (uri) => {
    expect(redirectProblem(uri)).toBeUndefined();
  });
});

describe('a redirect URI that is refused', () => {
  it.each([
    ['it is not absolute', '/callback', 'absolute URL'],
    ['it is empty', '', 'characters'],
    ['it is no URL', 'https://', 'absolute URL'],
    ['its port is none', 'http://127.0.0.1:65536/cb', 'absolute URL'],
    ['it has a fragment', 'https://app.example/cb#x', 'fragment'],
    ['it has an empty fragment', 'https://app.example/cb#', 'fragment'],
    ['it has a user', 'https://chatgpt.com@evil.example/cb', 'user'],
    ['it has a password', 'https://:secret@evil.example/cb', 'user'],
    ['it has a user on loopback', 'http://evil@localhost/cb', 'user'],
    ['it has 2001 characters', `https://app.example/${'a'.repeat(1981)}`, '2000'],
    ['it has a line break', 'https://app.example/cb\r\nSet-Cookie: a=b', 'characters'],
    ['it has a tab that parsers drop', 'java\tscript:alert(1)', 'characters'],
    ['it starts with a space that parsers drop', ' https://app.example/cb', 'characters'],
    ['it has a null', 'https://app.example/\0', 'characters'],
    ['it has a mark that turns the text', 'https://app.example/\u202ecb', 'characters'],
    ['it has a backslash', 'https://app.example\\@evil.example/cb', 'characters'],
    ['it has a quote', 'https://app.example/"cb', 'characters'],
    ['it has an angle bracket', 'https://app.example/<cb', 'characters'],
    ['it leaves out slashes', 'https:app.example/cb', 'https://host/path'],
    ['it uses http beyond loopback', 'http://app.example/cb', 'https'],
    ['it uses http in the local network', 'http://192.168.1.20/cb', 'https'],
    ['its host only looks like loopback', 'http://localhost.evil.example/cb', 'https'],
    ['its host only starts like loopback', 'http://127.0.0.1.evil.example/cb', 'https'],
    ['it writes loopback another way', 'http://0x7f.1/cb', 'https'],
    ...['javascript:alert(1)', 'JavaScript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd'].map(
      scheme,
    ),
    ...['blob:https://app.example/1', 'about:blank', 'view-source:https://app.example/', 'ftp://app.example/'].map(
      scheme,
    ),
    ...['ws://app.example/', 'wss://app.example/', 'filesystem:https://app.example/', 'search-ms:query=x'].map(scheme),
  ])('since %s', (_, uri, why) => {
    expect(redirectProblem(uri)).toContain(why);
  });

  function scheme(uri: string): [string, string, string] {
    const [name] = uri.split(':', 1);
    return [`its scheme is that of ${uri}`, uri, `${name?.toLowerCase()}: URIs`];
  }

  it('is told in words that an error description may hold (RFC 6749, section 5.2)', () => {
    const problems = ['#', 'data:x', 'http://a.example/', 'https:a', 'x'.repeat(3000), ''].map(redirectProblem);
    expect(problems).toSatisfy((each: string[]) => each.every((problem) => /^[ !\x23-\x5b\x5d-\x7e]+$/.test(problem)));
  });
});

describe('a redirect URI that is asked for', () => {
  it.each([
    ['https://app.example/cb', 'https://app.example/cb'],
    ['cursor://anysphere.cursor-mcp/cb', 'cursor://anysphere.cursor-mcp/cb'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:54321/callback'],
    ['http://127.0.0.1:33418/', 'http://127.0.0.1:1/'],
    ['http://127.0.0.1:33418/', 'http://127.0.0.1/'],
    ['http://[::1]:1/cb?a=b', 'http://[::1]:65535/cb?a=b'],
    ['http://localhost/callback', 'http://localhost:8080/callback'],
    ['http://localhost', 'http://localhost:8080'],
  ])('matches %s as %s', (registered, given) => {
    expect(matchesRedirect(['https://other.example/', registered], given)).toBe(true);
  });

  it.each([
    ['https://app.example/cb', 'https://app.example:8443/cb'],
    ['https://app.example/cb', 'https://app.example/cb/'],
    ['https://app.example/cb', 'https://APP.example/cb'],
    ['https://app.example/cb', 'https://app.example/cb?x=1'],
    ['https://app.example/cb', 'https://app.example/x/../cb'],
    ['https://app.example', 'https://app.example.evil.example'],
    ['http://127.0.0.1/cb', 'http://localhost:1/cb'],
    ['http://127.0.0.1/cb', 'https://127.0.0.1:1/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.2:1/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:1/cb?x=1'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:1/CB'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:99999/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:1@evil.example/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1.evil.example/cb'],
    ['http://localhost', 'http://localhost:80evil.example'],
    ['http://127.0.0.1', 'http://127.0.0.1:1/'],
  ])('does not match %s as %s', (registered, given) => {
    expect(matchesRedirect([registered], given)).toBe(false);
  });

  it('matches nothing when nothing is registered', () => {
    expect(matchesRedirect([], 'http://127.0.0.1/cb')).toBe(false);
  });
});

describe('what the owner is shown of a redirect URI', () => {
  it.each([
    ['https://chatgpt.com/connector_platform_oauth_redirect', 'chatgpt.com'],
    ['https://app.example:443/cb', 'app.example'],
    ['https://app.example:8443/cb', 'app.example:8443'],
    ['https://127.0.0.1/cb', '127.0.0.1'],
    ['http://127.0.0.1:33418/', 'a program on this computer'],
    ['http://[::1]/cb', 'a program on this computer'],
    ['http://localhost:1/cb', 'a program on this computer'],
    ['cursor://anysphere.cursor-mcp/cb', 'an app that opens cursor: links'],
    ['com.example.app:/cb', 'an app that opens com.example.app: links'],
  ])('%s: %s', (uri, shown) => {
    expect(describeRedirect(uri)).toBe(shown);
  });
});
