import { describe, expect, it } from 'vitest';
import { type Notice, noticePage } from '../../../src/oauth/pages/notice-page.ts';

const NOTICE: Notice = { title: 'Pairing is closed', lines: ['Clients can be linked while it is open.', 'Type this:'] };
const pageOf = (changes: Partial<Notice>) => noticePage({ ...NOTICE, ...changes }, 403).body;

describe('a notice', () => {
  it('has a title and paragraphs', () => {
    const page = pageOf({});
    expect(page).toContain('<title>Pairing is closed – mcp-bridge</title>');
    expect(page).toContain('<h1>Pairing is closed</h1>');
    expect(page).toContain('<p>Clients can be linked while it is open.</p>\n<p>Type this:</p>');
    expect(page).not.toMatch(/<pre|<a /);
  });

  it('shows a command to copy', () => {
    expect(pageOf({ command: 'mcp-bridge pair' })).toContain('<pre><code>mcp-bridge pair</code></pre>');
  });

  it('leads to another try, with the query as it was', () => {
    const page = pageOf({ retry: '/authorize?client_id=a&state=%22"' });
    expect(page).toContain('href="/authorize?client_id=a&#38;state=%22&#34;">Try again</a>');
  });

  it.each(['//evil.example/', '/\\evil.example/', 'https://evil.example/', 'javascript:alert(1)'])(
    'does not lead to %s',
    (retry) => expect(pageOf({ retry })).not.toContain('href='),
  );

  it('stays text, in line and of a sensible length, whatever it quotes', () => {
    const text = `<script>\u202e${'x'.repeat(9000)}`;
    const page = pageOf({ title: text, lines: [text], command: text });
    expect(page).not.toMatch(/<script|\u202e/);
    expect(page).toContain('<h1>&#60;script&#62;xxx');
    expect(page.length).toBeLessThan(pageOf({}).length + 2000);
  });

  it('has the status that is asked for, and the headers of all pages, but no form', () => {
    const { status, headers } = noticePage(NOTICE, 403);
    expect(status).toBe(403);
    expect(headers).toMatchObject({ 'Cache-Control': 'no-store', 'X-Frame-Options': 'DENY' });
    expect(headers['Content-Security-Policy']).toContain("frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
  });
});
