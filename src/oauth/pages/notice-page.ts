import type { OAuthReply } from '../reply.ts';
import { displayText } from './display-name.ts';
import { type Html, html, NOTHING } from './html.ts';
import { pageReply } from './page.ts';

/** Something that people are told. */
export interface Notice {
  readonly title: string;
  /** Paragraphs of plain text. */
  readonly lines: readonly string[];
  /** Shown below as code, to be copied. */
  readonly command?: string;
  /** Path and query that "Try again" leads to. */
  readonly retry?: string;
}

/** A page without a form: why something cannot go on, and what to do. */
export function noticePage({ title, lines, command, retry }: Notice, status: number): OAuthReply {
  const heading = displayText(title, LONGEST_TITLE);
  const content = html`<h1>${heading}</h1>
<div class="lines">
${lines.map((line) => html`<p>${displayText(line, LONGEST_LINE)}</p>`)}
</div>
${command === undefined ? NOTHING : html`<pre><code>${displayText(command, LONGEST_LINE)}</code></pre>`}
${retry === undefined ? NOTHING : retryLink(retry)}`;
  return pageReply({ title: heading, content, formTargets: ["'none'"] }, status);
}

/** Lines may quote what a stranger sent. */
const LONGEST_LINE = 400;
const LONGEST_TITLE = 100;

/** Two slashes, or one and a backslash, would lead to another host. */
function retryLink(retry: string): Html {
  return /^\/(?![/\\])/.test(retry) ? html`<a class="button" href="${retry}">Try again</a>` : NOTHING;
}
