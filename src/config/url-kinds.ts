import { isIP } from 'node:net';
import { type Kind, matching, textOf } from './kinds.ts';
import { isLoopbackUrl } from './loopback.ts';

export const URL_PATH = matching('a path that starts with /', /^\/[^\s?#]*$/);

/** Segments of letters, digits and `._~-`, none of them empty or made of dots. */
export const PLAIN_PATH = matching(
  'a path such as /widget, of letters, digits and ._~-',
  /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+\/?$/,
);

/** RFC 9110, section 5.1. */
export const HEADER_NAME = matching("a header's name", /^[\w!#$%&'*+.^`|~-]+$/);

/** A name or address without a port; an IPv6 address may stand in brackets, and loses them. */
export const HOST: Kind<string> = {
  accepts: 'a host name or IP address without a port',
  parse: (text) => {
    const host = text.replace(/^\[(.*)\]$/, '$1').toLowerCase();
    return isIP(host) !== 0 || /^[a-z0-9._-]+$/.test(host) ? host : undefined;
  },
  json: textOf(/^(?:[A-Za-z\d._-]+|[A-Fa-f\d]*:[A-Fa-f\d]*:[A-Fa-f\d:.]*|\[[A-Fa-f\d]*:[A-Fa-f\d]*:[A-Fa-f\d:.]*\])$/),
};

/** A browser origin as browsers send it, or one of the words `*` and `loopback`. */
export const ORIGIN: Kind<string> = {
  accepts: 'an origin such as https://app.example.com, * for any or loopback',
  parse: (text) => {
    if (text === '*' || text === 'loopback') return text;
    if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#*]+\/?$/i.test(text) || !URL.canParse(text)) return undefined;
    const { origin } = new URL(text);
    // Only web schemes have an origin for URL; browser extensions have theirs as it is written.
    return origin === 'null' ? text.toLowerCase().replace(/\/$/, '') : origin;
  },
  json: textOf(/^(?:\*|loopback|[A-Za-z][A-Za-z\d+.-]*:\/\/[^\s/?#*]+\/?)$/),
};

/** The origin by which the bridge is reached from outside, without a slash at its end. */
export const PUBLIC_URL: Kind<string> = {
  accepts: 'an address without a path, such as https://bridge.example.com',
  parse: (text) => {
    const url = parseUrl(text);
    return url?.pathname === '/' && !/[?#]/.test(text) ? url.origin : undefined;
  },
  json: textOf(/^https?:\/\/[^\s/?#@\\]+\/?$/),
};

/** An URL whose answers are trusted, as it was written: issuers are compared byte for byte (RFC 8414, section 3.3). */
export const TRUSTED_URL: Kind<string> = {
  accepts: 'an https URL (http only on this machine) without a fragment',
  parse: (text) => {
    const url = parseUrl(text);
    if (url === undefined || text.includes('#')) return undefined;
    return url.protocol === 'https:' || isLoopbackUrl(url) ? text : undefined;
  },
  json: textOf(
    /^(?:https:\/\/[^\s/?#@\\]+|http:\/\/(?:(?:[A-Za-z\d.-]+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?)(?:[/?][^\s#]*)?$/,
  ),
};

/** A web address without a query or fragment, and without a slash at its end. */
export const WEB_URL: Kind<string> = {
  accepts: 'an address such as http://127.0.0.1:5173',
  parse: (text) => (/[?#]/.test(text) ? undefined : parseUrl(text)?.href.replace(/\/+$/, '')),
  json: textOf(/^https?:\/\/[^\s/?#@\\]+(?:\/[^\s?#]*)?$/),
};

/** A web address without a user's name in it. */
function parseUrl(text: string): URL | undefined {
  if (!/^https?:\/\/[^\s/?#@\\]+(?:[/?#]\S*)?$/i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}
