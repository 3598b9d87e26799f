import { remember } from './remember.ts';
import { compileTemplate, mayOverlap, type UriTemplate } from './templates.ts';
import { MAX_SLUG_LENGTH, uriSlug } from './uri-slug.ts';

/** Whose resource or template it is, and the URI or template as that server wrote it. */
export interface UriTarget {
  readonly server: string;
  readonly uri: string;
}

/**
 * Translates URIs between the servers and the clients. A URI is exposed as it is wherever that leads back to its server, and as
 * `SLUG+URI` (`memory+file:///a`) where another server has it already: the one first in the configuration. With one server nothing changes.
 */
export interface UriTable {
  /** Takes in URIs that a server listed; the 10,000 listed last are kept per server. A server the table was not made for is ignored. */
  learnUris(server: string, uris: Iterable<string>): void;
  /** Takes in templates that a server listed; the 256 listed last are kept per server. */
  learnTemplates(server: string, templates: Iterable<string>): void;
  /** `lookupUri` always leads back from it. Learn what is listed first; a URI that was never listed (a link in a result) gets the slug if need be. */
  exposeUri(server: string, uri: string): string;
  /**
   * Learn it first. It also gets the slug where its URIs could be those of an earlier server's template (the texts before the first
   * expressions agree), so that what a client fills in is never read from the wrong server.
   */
  exposeTemplate(server: string, template: string): string;
  /** Whose URI it is: by its slug (nothing needs to be learned for that), else who listed it, else whose template it matches. */
  lookupUri(exposed: string): UriTarget | undefined;
  /** Whose template it is: by its slug, else who listed it. `uri` is the template. */
  lookupTemplate(exposed: string): UriTarget | undefined;
}

const MAX_URIS = 10_000;
const MAX_TEMPLATES = 256;

/** Creates the table of the servers that are shown together, in the order of the configuration. */
export function createUriTable(servers: readonly string[]): UriTable {
  const [only] = servers;
  return servers.length === 1 && only !== undefined ? createTransparentTable(only) : createSharedTable(servers);
}

function createTransparentTable(server: string): UriTable {
  return {
    learnUris: () => {},
    learnTemplates: () => {},
    exposeUri: (_server, uri) => uri,
    exposeTemplate: (_server, template) => template,
    lookupUri: (uri) => ({ server, uri }),
    lookupTemplate: (uri) => ({ server, uri }),
  };
}

function createSharedTable(servers: readonly string[]): UriTable {
  const bySlug = new Map(servers.map((server) => [uriSlug(server), server]));
  const uris = new Map(servers.map((server) => [server, new Map<string, true>()]));
  const templates = new Map(servers.map((server) => [server, new Map<string, UriTemplate>()]));

  const firstWithUri = (uri: string) => servers.find((server) => uris.get(server)?.has(uri));
  const firstWithTemplate = (template: string) => servers.find((server) => templates.get(server)?.has(template));
  const firstWithTemplateThat = (fits: (template: UriTemplate) => boolean) =>
    servers.find((server) => [...(templates.get(server)?.values() ?? [])].some(fits));

  /** A URI that itself begins with some server's slug is never exposed bare; so the first `+` decides, without knowing any list. */
  const readSlug = (exposed: string): UriTarget | undefined => {
    const plus = exposed.slice(0, MAX_SLUG_LENGTH + 1).indexOf('+');
    const server = bySlug.get(exposed.slice(0, Math.max(plus, 0)).toLowerCase());
    return server === undefined ? undefined : { server, uri: exposed.slice(plus + 1) };
  };
  const lookupUri = (exposed: string): UriTarget | undefined => {
    const slugged = readSlug(exposed);
    if (slugged) return slugged;
    const server = firstWithUri(exposed) ?? firstWithTemplateThat((template) => template.matches(exposed));
    return server === undefined ? undefined : { server, uri: exposed };
  };

  return {
    learnUris(server, listed) {
      const known = uris.get(server);
      if (!known) return;
      for (const uri of listed) remember(known, uri, () => true, MAX_URIS);
    },
    learnTemplates(server, listed) {
      const known = templates.get(server);
      if (!known) return;
      for (const template of listed) remember(known, template, () => compileTemplate(template), MAX_TEMPLATES);
    },
    exposeUri(server, uri) {
      const target = lookupUri(uri);
      return target?.server === server && target.uri === uri ? uri : withSlug(server, uri);
    },
    exposeTemplate(server, template) {
      const own = templates.get(server)?.get(template);
      // What a client makes of one that is not tried is found by the slug alone.
      if (!own || own.isTooLarge || readSlug(template)) return withSlug(server, template);
      return firstWithTemplateThat((other) => mayOverlap(own, other)) === server
        ? template
        : withSlug(server, template);
    },
    lookupUri,
    lookupTemplate(exposed) {
      const slugged = readSlug(exposed);
      if (slugged) return slugged;
      const server = firstWithTemplate(exposed);
      return server === undefined ? undefined : { server, uri: exposed };
    },
  };
}

function withSlug(server: string, uri: string): string {
  return `${uriSlug(server)}+${uri}`;
}
