import type { ServerResponse } from 'node:http';
import { serve } from '../../downstream/support.ts';
import { authorizeUrl, type Fields, pkce, redeem, register, type Site, type Tokens, tokensOf } from './endpoints.ts';

/** A client whose user has a browser: a request to be let in, and the page that the browser is sent back to. */
export interface BrowserClient {
  /** What it opens in the browser. */
  readonly url: string;
  readonly redirectUri: string;
  /** What its page was told, each time it was opened. */
  readonly visits: readonly Readonly<Record<string, string>>[];
  /** Trades the code that its page was told first. */
  redeem(): Promise<Tokens>;
}

export interface BrowserClientOptions {
  /** Default `Test client`. */
  readonly name?: string;
  /** On top of what all clients ask. */
  readonly query?: Fields;
  /** Answers in place of the page; `visit` counts from 1. */
  readonly answer?: (response: ServerResponse, visit: number) => void;
}

/** Registers a client, for which a window has to be open. Its page is served until the test ends. */
export async function startBrowserClient(
  site: Site & { readonly resource: string },
  { name = 'Test client', query, answer = showLanding }: BrowserClientOptions = {},
): Promise<BrowserClient> {
  const visits: Record<string, string>[] = [];
  const origin = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', origin);
    if (pathname !== '/callback') return void response.writeHead(404).end();
    visits.push(Object.fromEntries(searchParams));
    answer(response, visits.length);
  });
  const redirectUri = `${origin}/callback`;
  const { text } = await register(site, { client_name: name, redirect_uris: [redirectUri] });
  const { client_id } = JSON.parse(text);
  const { verifier, challenge } = pkce();
  const asked = { client_id, redirect_uri: redirectUri, resource: site.resource };
  return {
    url: authorizeUrl(site, { ...asked, state: `state of ${name}`, code_challenge: challenge, ...query }),
    redirectUri,
    visits,
    redeem: async () => tokensOf(await redeem(site, { ...asked, code: visits[0]?.code, code_verifier: verifier })),
  };
}

/** Tells the page that has opened this one, if there is any, how it went. */
export function showLanding(response: ServerResponse): void {
  const script = '<script>opener?.postMessage(location.search, "*")</script>';
  response
    .writeHead(200, { 'Content-Type': 'text/html' })
    .end(`<!doctype html><title>Back at the client</title>${script}`);
}
