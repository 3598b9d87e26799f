import { describe, expect, it } from 'vitest';
import type { BridgeStatus } from '../../src/bridge/status.ts';
import { createPaint } from '../../src/terminal/paint.ts';
import { headline, summary } from '../../src/terminal/summary.ts';
import { widthOf } from '../../src/terminal/width.ts';
import { failedServer, lazyServer, server, statusWith, URLS } from './servers.ts';

const plain = createPaint(false);

function linesOf(status: BridgeStatus, columns = 80): string[] {
  return summary(status, { columns, paint: plain }).split('\n');
}

const THREE = [
  server('files'),
  server('memory', { tools: 9, readOnlyTools: 3, startedIn: 12_300 }),
  lazyServer('rare'),
];

describe('the headline', () => {
  it('says what runs and where', () => {
    expect(headline(statusWith([]), plain)).toBe('mcp-bridge 1.2.3 on http://127.0.0.1:8000 (Ctrl-C ends it)');
  });

  it('names stdin and stdout when they are what is served', () => {
    expect(headline({ ...statusWith([]), urls: undefined }, plain)).toContain('on stdin and stdout');
  });
});

describe('the summary', () => {
  it('has a table of the servers', () => {
    const servers = [...THREE, failedServer('search', 'command not found: srch')];
    expect(linesOf(statusWith(servers)).slice(0, 5)).toEqual([
      '  Server  Tools  Read-only     Time  State',
      '✓ files      12          5    1.2 s  ready',
      '✓ memory      9          3   12.3 s  ready',
      '· rare                               starts with its first request',
      '✗ search                             failed: command not found: srch',
    ]);
  });

  it('counts what the filters hide', () => {
    expect(linesOf(statusWith([server('files', { hiddenTools: 7 })]))[1]).toMatch(/ready, 7 more hidden by filters$/);
  });

  it('calls failed what is being started again after a failure', () => {
    const again = { ...failedServer('files', 'exited with code 1'), state: 'starting' } as const;
    expect(linesOf(statusWith([again]))[1]).toContain('failed: exited with code 1');
  });

  it('tells the URLs, and the one of a single server where there are several', () => {
    expect(linesOf(statusWith(THREE))).toEqual(
      expect.arrayContaining([
        '  Streamable HTTP  http://127.0.0.1:8000/mcp',
        '  SSE              http://127.0.0.1:8000/sse',
        '  One server only  http://127.0.0.1:8000/servers/NAME/mcp',
        '  Status           http://127.0.0.1:8001/status',
      ]),
    );
    expect(linesOf(statusWith([server('files')])).join('\n')).not.toContain('NAME');
  });

  it('has something to paste for each client', () => {
    const lines = linesOf(statusWith(THREE), 120);
    expect(lines.slice(lines.findIndex((line) => line.includes('Connect')) + 1)).toEqual([
      '  Claude Code  claude mcp add --transport http bridge http://127.0.0.1:8000/mcp',
      '  Codex        codex mcp add bridge --url http://127.0.0.1:8000/mcp',
      '  VS Code      "bridge": { "type": "http", "url": "http://127.0.0.1:8000/mcp" }',
      '  Cursor       "bridge": { "url": "http://127.0.0.1:8000/mcp" }',
      '  Inspector    npx @modelcontextprotocol/inspector --cli http://127.0.0.1:8000/mcp --transport http --method tools/list',
      '  ChatGPT      needs a public https URL: start with --tunnel, or --public-url',
    ]);
  });

  it('has what SSE clients take where that is all', () => {
    const text = linesOf(statusWith(THREE, { ...URLS, mcp: undefined })).join('\n');
    expect(text).toContain('--transport sse bridge http://127.0.0.1:8000/sse');
    expect(text).toContain('http://127.0.0.1:8000/servers/NAME/sse');
    expect(text).not.toMatch(/codex|\/mcp\b/);
  });

  it('says nothing of clients when it serves the one on stdin and stdout', () => {
    expect(linesOf({ ...statusWith(THREE), urls: undefined })).toHaveLength(4);
  });

  it('fits with three servers into 24 rows of 80 columns, with the headline and the cursor', () => {
    const lines = linesOf(statusWith(THREE));
    expect(lines.length + 3).toBeLessThanOrEqual(24);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
    expect(lines).toContain('  Inspector    npx @modelcontextprotocol/inspector --cli \\');
  });

  it('cuts a reason that is longer than its row', () => {
    const [, line = ''] = linesOf(statusWith([failedServer('search', 'no '.repeat(100))]));
    expect(widthOf(line)).toBeLessThanOrEqual(82);
    expect(line).toMatch(/…$/);
  });
});
