import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Consent, consentPage } from '../../../src/oauth/pages/consent-page.ts';
import { CONSENT } from './consents.ts';

const pageOf = (changes: Partial<Consent>) => consentPage({ ...CONSENT, ...changes }, 200).body;

/** What people read of a page, in one line. */
function textOf(page: string): string {
  const body = page.slice(page.indexOf('<body>')).replace(/<[^>]*>/g, ' ');
  return body.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))).replace(/\s+/g, ' ');
}

function policyOf(changes: Partial<Consent>): Map<string, string> {
  const policy = consentPage({ ...CONSENT, ...changes }, 200).headers['Content-Security-Policy'] ?? '';
  return new Map(policy.split('; ').map((directive) => [directive.split(' ')[0] ?? '', directive]));
}

describe('the consent page', () => {
  it('says who asks, where the permission goes, and to what', () => {
    const text = textOf(pageOf({}));
    expect(text).toContain('Allow ChatGPT to use your tools?');
    expect(text).toContain('Permission goes to chatgpt.com');
    expect(text).toContain('Your bridge laptop.example/mcp');
    expect(text).not.toContain('chose this name itself');
  });

  it('says so where the name is the client’s own word', () => {
    const text = textOf(pageOf({ client: { name: 'ChatGPT', isKnown: false } }));
    expect(text).toContain('Allow “ ChatGPT ” to use your tools? The client chose this name itself.');
  });

  it('shows the end of a host, however long the rest of it is', () => {
    const host = `chatgpt.com.${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.evil.example`;
    expect(textOf(pageOf({ redirectUri: `https://${host}/callback` }))).toContain(host);
  });

  it('is answered with the status that is asked for', () => {
    expect([consentPage(CONSENT, 200).status, consentPage(CONSENT, 403).status]).toEqual([200, 403]);
  });
});

describe('what a stranger chose', () => {
  const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(1)'>&amp;\u202e`;

  it.each<[string, Partial<Consent>]>([
    ['a name', { client: { name: HOSTILE, isKnown: false } }],
    ['a transaction', { transaction: HOSTILE }],
    ['a resource', { resource: HOSTILE }],
    ['a problem', { problem: HOSTILE }],
    ['a number', { number: HOSTILE }],
  ])('stays text in %s', (_, changes) => {
    const page = pageOf(changes);
    expect(page).not.toMatch(/<script|<img|='alert/);
    expect(page).toContain('&#34;&#62;&#60;script&#62;');
    expect(page).toContain('&#38;amp;');
  });

  it('does not turn the page around, and is kept apart from the sentence it stands in', () => {
    const page = pageOf({ client: { name: 'Chat\u202eTPG', isKnown: false }, problem: 'No\u202e!' });
    expect(page).not.toMatch(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
    expect(page).toContain('<bdi>ChatTPG</bdi>');
  });

  it('is cut to a sensible length', () => {
    const page = pageOf({
      client: { name: 'n'.repeat(9000), isKnown: true },
      resource: `https://h/${'r'.repeat(9000)}`,
      problem: 'p'.repeat(9000),
    });
    expect(page).toContain(`<bdi>${'n'.repeat(79)}…</bdi>`);
    expect(page.length).toBeLessThan(pageOf({}).length + 1000);
  });

  it('comes back as it is where it is a transaction', () => {
    const transaction = 'A-_z'.repeat(1000);
    expect(pageOf({ transaction })).toContain(`name="transaction" value="${transaction}"`);
  });
});

describe('the access that is asked for', () => {
  const checked = (page: string) => /value="(\w+)" checked/.exec(page)?.[1];

  it.each(['all', 'read'] as const)('is what was selected: %s', (access) => {
    expect(checked(pageOf({ access }))).toBe(access);
  });

  it.each([
    [{ read: 12, write: 5 }, '17 tools now, 5 can change things', '12 tools now, marked so by their servers'],
    [{ read: 1, write: 0 }, '1 tool now, marked read-only', '1 tool now, marked so by their servers'],
    [{ read: 0, write: 1 }, '1 tool now, 1 can change things', 'There are none at the moment'],
    [{ read: 0, write: 0 }, 'There are none at the moment', 'There are none at the moment'],
    [undefined, 'Also those that change things', 'Only those marked so by their servers'],
  ])('says how many tools that are: %j', (tools, all, read) => {
    expect(textOf(pageOf({ tools }))).toContain(`All tools ${all} Read-only tools ${read} Pairing code`);
  });

  it('is no choice when the client asked for the read-only tools', () => {
    const page = pageOf({ maySeeAll: false, access: 'read' });
    expect(page).not.toContain('type="radio"');
    expect(page).toContain('<input type="hidden" name="access" value="read">');
    expect(textOf(page)).toContain('It asks for read-only tools 12 tools now');
  });
});

describe('the field for the code', () => {
  const fieldOf = (page: string) => /<input id="code"[^>]*>/.exec(page)?.[0] ?? '';

  it('may stay empty, since the owner may type the number into the terminal', () => {
    const page = pageOf({});
    expect(fieldOf(page)).not.toContain('required');
    expect(textOf(page)).toContain('Type the code that your terminal shows. Or type 7F there and press Allow.');
  });

  it('is the only way where there is no number', () => {
    expect(textOf(pageOf({ number: undefined }))).toContain('Type the code that your terminal shows. Allow Deny');
  });

  it('is empty, has the focus, and says what is wrong when the page is shown again', () => {
    const page = pageOf({ problem: 'That code is not right.' });
    expect(page).toContain('id="problem" role="alert">That code is not right.</p>');
    expect(fieldOf(page)).toMatch(/aria-invalid="true" aria-describedby="problem hint" autofocus>$/);
    expect(fieldOf(page)).not.toContain('value=');
    expect(page).toContain('<title>Error: Allow access?');
  });

  it('is not in trouble the first time', () => {
    expect(pageOf({})).not.toMatch(/aria-invalid=|role="alert"|autofocus/);
  });
});

describe('the headers of the consent page', () => {
  it('keep it out of caches and frames, and its type as it is', () => {
    const { 'Content-Security-Policy': _, ...headers } = consentPage(CONSENT, 200).headers;
    expect(headers).toEqual({
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Frame-Options': 'DENY',
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
    });
  });

  it('allow nothing but its own style', () => {
    const style = /<style>([\s\S]*)<\/style>/.exec(pageOf({}))?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = policyOf({});
    expect([...policy.keys()].sort()).toEqual([
      'base-uri',
      'default-src',
      'form-action',
      'frame-ancestors',
      'style-src',
    ]);
    expect(policy.get('default-src')).toBe("default-src 'none'");
    expect(policy.get('style-src')).toBe(`style-src 'sha256-${hash}'`);
    expect(policy.get('frame-ancestors')).toBe("frame-ancestors 'none'");
    expect(policy.get('base-uri')).toBe("base-uri 'none'");
    expect(pageOf({})).not.toMatch(/<script|<link|<img|\bstyle=|\son\w+=|\bsrc=|url\(/);
  });

  it.each([
    ['https://chatgpt.com/callback?x=1', 'https:'],
    ['http://127.0.0.1:1234/callback', 'http://127.0.0.1:1234 https:'],
    ['http://localhost:1234/callback', 'http://localhost:1234 https:'],
    ['http://[::1]:1234/callback', 'http: https:'],
    ['cursor://anysphere.cursor-mcp/callback', 'cursor:'],
    ['com.example.app:/callback', 'com.example.app:'],
    ['https://claude.ai/api/mcp/auth_callback', 'https: claude:'],
    ["https://a;script-src,'unsafe-inline'/callback", 'https:'],
    ['https://*/callback', 'https:'],
  ])('let the form lead to %s', (redirectUri, sources) => {
    expect(policyOf({ redirectUri }).get('form-action')).toBe(`form-action 'self' ${sources}`);
  });
});
