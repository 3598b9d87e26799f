import { createHash } from 'node:crypto';
import type { OAuthReply } from '../reply.ts';
import { type Html, html } from './html.ts';
import { STYLE } from './style.ts';

export interface Page {
  readonly title: string;
  readonly content: Html;
  /** Where forms of the page may lead, redirects included, as sources of a Content-Security-Policy. */
  readonly formTargets: readonly string[];
}

/** A page as it is sent: complete in itself, without scripts, and of no use inside another page. */
export function pageReply({ title, content, formTargets }: Page, status: number): OAuthReply {
  return { status, headers: headersFor(formTargets), body: frame(title, content).text };
}

function frame(title: string, content: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – mcp-bridge</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="brand"><svg width="28" height="16" viewBox="0 0 28 16" aria-hidden="true">${BRIDGE}</svg>mcp-bridge</p>
${content}
</main>
</body>
</html>
`;
}

/** A suspension bridge: deck, towers, cables. */
const BRIDGE = html`<path fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" d="M1 12h26M8 1v14M20 1v14M1 9Q6 8 8 2Q14 15 20 2Q22 8 27 9"/>`;

const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE.text).digest('base64')}'`;

function headersFor(formTargets: readonly string[]): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `style-src ${STYLE_SOURCE}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    `form-action ${formTargets.join(' ')}`,
  ];
  // No Cross-Origin-Opener-Policy: the page is a popup whose opener waits for it.
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': policy.join('; '),
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    // With `no-referrer` browsers send the form with `Origin: null`, which the bridge refuses.
    'Referrer-Policy': 'same-origin',
  };
}
