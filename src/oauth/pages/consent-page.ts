import { describeRedirect } from '../redirect-uri.ts';
import type { OAuthReply } from '../reply.ts';
import { displayName, displayText } from './display-name.ts';
import { type Html, html, NOTHING } from './html.ts';
import { pageReply } from './page.ts';

/** What the owner is asked, and how far it has come. */
export interface Consent {
  /** Comes back with the form as it is. */
  readonly transaction: string;
  readonly client: {
    readonly name: string;
    /** Otherwise the name is the client's own word, and the page says so. */
    readonly isKnown: boolean;
  };
  /** Has been found to be one of the client's. */
  readonly redirectUri: string;
  readonly resource: string;
  /** How many tools there are, by whether their servers mark them as read-only. `undefined`: not known yet. */
  readonly tools: { readonly read: number; readonly write: number } | undefined;
  /** Whether the owner may allow all tools: `false` when the client asked for the read-only ones. */
  readonly maySeeAll: boolean;
  /** What is selected. */
  readonly access: 'all' | 'read';
  /** May be typed into the bridge's terminal instead of the code. */
  readonly number: string | undefined;
  /** Why the page is shown again. */
  readonly problem: string | undefined;
}

/**
 * The page on which the owner allows or denies a client: a form that posts `transaction`, `access` (`all` or `read`),
 * `code` and `decision` (`allow` or `deny`) to `/authorize`.
 */
export function consentPage(consent: Consent, status: number): OAuthReply {
  const { transaction, client, redirectUri, resource, problem } = consent;
  const content = html`${question(client)}
<dl>
<dt>Permission goes to</dt><dd><bdi>${displayText(describeRedirect(redirectUri), LONGEST_HOST)}</bdi></dd>
<dt>Your bridge</dt><dd><bdi>${displayText(resource.replace(/^https:\/\//, ''), LONGEST_RESOURCE)}</bdi></dd>
</dl>
<form method="post" action="/authorize">
<input type="hidden" name="transaction" value="${transaction}">
${accessChoice(consent)}
${codeField(consent)}
<div class="buttons">
<button class="primary" name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</div>
<p class="end">Allow only what you have just started yourself.</p>
</form>`;
  const title = problem === undefined ? 'Allow access?' : 'Error: Allow access?';
  return pageReply({ title, content, formTargets: ["'self'", ...sourcesOf(redirectUri)] }, status);
}

/** The longest name that DNS knows, and a port: nothing is cut off whose end tells a host from a lookalike. */
const LONGEST_HOST = 260;
/** Of the bridge's own URL, which its owner chose. */
const LONGEST_RESOURCE = 120;
const LONGEST_PROBLEM = 200;
/** Of what can be typed: people paste the code with spaces and more around it. */
const LONGEST_CODE = 64;

function question({ name, isKnown }: Consent['client']): Html {
  const shown = html`<bdi>${displayName(name)}</bdi>`;
  if (isKnown) return html`<h1>Allow ${shown} to use your tools?</h1>`;
  return html`<h1>Allow “${shown}” to use your tools?</h1>
<p class="note care">The client chose this name itself. Check where the permission goes.</p>`;
}

function accessChoice({ tools, maySeeAll, access }: Consent): Html {
  const read = { value: 'read', label: 'Read-only tools', hint: hintForRead(tools) };
  const all = { value: 'all', label: 'All tools', hint: hintForAll(tools) };
  if (!maySeeAll)
    return html`<input type="hidden" name="access" value="read">
<div class="part">
<p class="label">It asks for read-only tools</p>
<p class="hint">${read.hint}</p>
</div>`;
  return html`<fieldset>
<legend>What it may use</legend>
<div class="choices">
${[all, read].map((choice) => radio(choice, choice.value === access))}
</div>
</fieldset>`;
}

function radio({ value, label, hint }: { value: string; label: string; hint: string }, isChecked: boolean): Html {
  const checked = isChecked ? html` checked` : NOTHING;
  return html`<label class="choice"><input type="radio" name="access" value="${value}"${checked}>${label} <small>${hint}</small></label>`;
}

function hintForAll(tools: Consent['tools']): string {
  if (tools === undefined) return 'Also those that change things';
  const { read, write } = tools;
  return countNow(read + write, write === 0 ? 'marked read-only' : `${write} can change things`);
}

function hintForRead(tools: Consent['tools']): string {
  const marked = 'marked so by their servers';
  return tools === undefined ? `Only those ${marked}` : countNow(tools.read, marked);
}

/** Servers may have others tomorrow, and what is allowed here holds for those too. */
function countNow(tools: number, remark: string): string {
  if (tools === 0) return 'There are none at the moment';
  return `${tools} ${tools === 1 ? 'tool' : 'tools'} now, ${remark}`;
}

/** Not `required`: the owner may have approved in the terminal. */
function codeField({ number, problem }: Consent): Html {
  const message =
    problem === undefined
      ? NOTHING
      : html`<p class="note bad" id="problem" role="alert">${displayText(problem, LONGEST_PROBLEM)}</p>`;
  const state =
    problem === undefined
      ? html`aria-describedby="hint"`
      : html`aria-invalid="true" aria-describedby="problem hint" autofocus`;
  const instead = number === undefined ? NOTHING : html` Or type <strong>${number}</strong> there and press Allow.`;
  return html`<label class="label" for="code">Pairing code</label>
<p class="hint" id="hint">Type the code that your terminal shows.${instead}</p>
${message}
<input id="code" name="code" type="text" inputmode="text" maxlength="${String(LONGEST_CODE)}" autocomplete="one-time-code" autocapitalize="characters" autocorrect="off" spellcheck="false" enterkeyhint="go" ${state}>`;
}

/**
 * Browsers apply `form-action` to all that the answer of a form redirects to, and clients may send their users on from where they were
 * sent to. So it names where the client is, the secure web beyond that, and apps that are known to follow.
 * An origin is named where a policy can say it (not with an IPv6 address: CSP Level 3, section 2.3.1), else a scheme.
 */
function sourcesOf(redirectUri: string): readonly string[] {
  const { origin, protocol } = new URL(redirectUri);
  if (protocol === 'https:') return [protocol, ...(GOES_ON_TO[origin] ?? [])];
  if (protocol !== 'http:') return [protocol];
  const isSayable = /^http:\/\/[a-z\d.-]+(?::\d+)?$/.test(origin);
  return [isSayable ? origin : protocol, 'https:'];
}

/** Clients that redirect once more, from the web to their app (PrefectHQ/fastmcp #3369). */
const GOES_ON_TO: Readonly<Record<string, readonly string[]>> = {
  'https://claude.ai': ['claude:'],
  'https://claude.com': ['claude:'],
  'https://vscode.dev': ['vscode:', 'vscode-insiders:'],
};
