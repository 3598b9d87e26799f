/** Why nobody may be sent to this URI, as a sentence for whoever wants to register it; `undefined` when it is fine. */
export function redirectProblem(uri: string): string | undefined {
  if (uri.length > LONGEST) return `A redirect URI may have ${LONGEST} characters at most`;
  // What else there is, browsers and parsers disagree on, and it could break out of a header.
  if (!/^[\x21-\x7e]+$/.test(uri) || /["<>\\]/.test(uri)) return 'A redirect URI has characters that no URI has';
  if (uri.includes('#')) return 'A redirect URI has no fragment';
  if (!URL.canParse(uri)) return 'A redirect URI is an absolute URL';
  const { protocol, username, password } = new URL(uri);
  if (username !== '' || password !== '') return 'A redirect URI names no user';
  if (REFUSED_SCHEMES.has(protocol)) return `Nobody is sent to ${protocol} URIs`;
  if (protocol === 'https:' && !uri.startsWith('https://')) return 'Write the redirect URI as https://host/path';
  if (protocol === 'http:' && !LOOPBACK.test(uri))
    return 'A redirect URI uses https, or leads to http://127.0.0.1, http://[::1] or http://localhost';
  return undefined;
}

/** Whether a URI is one of a client's: the same text, but for the port of those on loopback, which programs are given at random (RFC 8252, section 7.3). */
export function matchesRedirect(registered: readonly string[], given: string): boolean {
  if (registered.includes(given)) return true;
  const portless = withoutPort(given);
  return portless !== undefined && registered.some((uri) => withoutPort(uri) === portless);
}

/** Where a URI leads, in words for the owner: nobody but who is there can take what is sent to it. */
export function describeRedirect(uri: string): string {
  if (LOOPBACK.test(uri)) return 'a program on this computer';
  const { protocol, host } = new URL(uri);
  return protocol === 'https:' ? host : `an app that opens ${protocol} links`;
}

/** Characters. Real ones have about a hundred. */
const LONGEST = 2000;

const LOOPBACK = /^http:\/\/(?<host>127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?(?<rest>[/?].*)?$/;

/** Schemes that browsers or systems act on themselves. All others belong to apps (RFC 8252, section 7.1). */
const REFUSED_SCHEMES: ReadonlySet<string> = new Set([
  'about:',
  'blob:',
  'chrome:',
  'chrome-extension:',
  'content:',
  'data:',
  'edge:',
  'file:',
  'filesystem:',
  'ftp:',
  'ftps:',
  'intent:',
  'jar:',
  'javascript:',
  'livescript:',
  'mailto:',
  'moz-extension:',
  'ms-msdt:',
  'ms-officecmd:',
  'resource:',
  'search-ms:',
  'shell:',
  'sms:',
  'ssh:',
  'tel:',
  'urn:',
  'vbscript:',
  'view-source:',
  'ws:',
  'wss:',
]);

function withoutPort(uri: string): string | undefined {
  const groups = LOOPBACK.exec(uri)?.groups;
  // `canParse`, since ports end at 65535.
  return groups && URL.canParse(uri) ? `${groups.host}${groups.rest ?? ''}` : undefined;
}
