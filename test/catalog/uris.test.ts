import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { uriSlug } from '../../src/catalog/uri-slug.ts';
import { createUriTable } from '../../src/catalog/uris.ts';
import { trickyName } from './arbitraries.ts';

describe('a resource', () => {
  test('keeps its URI when nobody else has it', () => {
    const table = createUriTable(['files', 'memory']);
    table.learnUris('memory', ['file:///a']);
    expect(table.exposeUri('memory', 'file:///a')).toBe('file:///a');
    expect(table.lookupUri('file:///a')).toEqual({ server: 'memory', uri: 'file:///a' });
  });

  test('keeps its URI at the server that comes first in the configuration, whoever answered first', () => {
    const table = createUriTable(['files', 'memory']);
    table.learnUris('memory', ['file:///a']);
    table.learnUris('files', ['file:///a']);
    expect(table.exposeUri('files', 'file:///a')).toBe('file:///a');
    expect(table.exposeUri('memory', 'file:///a')).toBe('memory+file:///a');
    expect(table.lookupUri('memory+file:///a')).toEqual({ server: 'memory', uri: 'file:///a' });
  });

  test('that was never listed is found by the slug, also when a client lowered or raised its case', () => {
    const table = createUriTable(['files', 'memory']);
    expect(table.lookupUri('memory+demo://X')).toEqual({ server: 'memory', uri: 'demo://X' });
    expect(table.lookupUri('Memory+demo://X')).toEqual({ server: 'memory', uri: 'demo://X' });
    expect(table.lookupUri('other+demo://X')).toBeUndefined();
    expect(table.lookupUri('demo://X')).toBeUndefined();
  });

  test('that was never listed is found by the templates, after the lists', () => {
    const table = createUriTable(['files', 'memory']);
    table.learnTemplates('files', ['file:///{path*}']);
    table.learnTemplates('memory', ['demo://{id}']);
    table.learnUris('memory', ['file:///graph.json']);
    expect(table.lookupUri('demo://1')).toEqual({ server: 'memory', uri: 'demo://1' });
    expect(table.lookupUri('file:///a/b')).toEqual({ server: 'files', uri: 'file:///a/b' });
    expect(table.lookupUri('file:///graph.json')).toEqual({ server: 'memory', uri: 'file:///graph.json' });
  });

  test('that was never listed and has over 2048 characters gets the slug, whatever the templates', () => {
    const table = createUriTable(['files', 'memory']);
    table.learnTemplates('memory', ['demo://{id}']);
    const [longest, tooLong] = [`demo://${'1'.repeat(2041)}`, `demo://${'1'.repeat(2042)}`];
    expect(table.lookupUri(longest)).toEqual({ server: 'memory', uri: longest });
    expect(table.exposeUri('memory', longest)).toBe(longest);
    expect(table.lookupUri(tooLong)).toBeUndefined();
    expect(table.exposeUri('memory', tooLong)).toBe(`memory+${tooLong}`);
    expect(table.lookupUri(`memory+${tooLong}`)).toEqual({ server: 'memory', uri: tooLong });
    // What is listed is known by itself.
    table.learnUris('memory', [tooLong]);
    expect(table.exposeUri('memory', tooLong)).toBe(tooLong);
  });

  test('that only a template of over 2048 characters could make gets the slug', () => {
    const table = createUriTable(['files', 'memory']);
    const template = (length: number) => `demo://{${'v'.repeat(length - 9)}}`;
    table.learnTemplates('memory', [template(2049)]);
    expect(table.exposeUri('memory', 'demo://1')).toBe('memory+demo://1');
    table.learnTemplates('memory', [template(2048)]);
    expect(table.exposeUri('memory', 'demo://1')).toBe('demo://1');
  });

  test('whose own scheme looks like a slug gets one, so that it cannot be taken for another’s', () => {
    const table = createUriTable(['git', 'repo']);
    table.learnUris('git', ['ssh://host']);
    table.learnUris('repo', ['git+ssh://host', 'ssh://host']);
    expect(table.exposeUri('repo', 'git+ssh://host')).toBe('repo+git+ssh://host');
    expect(table.lookupUri('git+ssh://host')).toEqual({ server: 'git', uri: 'ssh://host' });
  });

  test('of a single server is never touched', () => {
    const table = createUriTable(['git']);
    expect(table.exposeUri('git', 'git+ssh://host')).toBe('git+ssh://host');
    expect(table.lookupUri('git+ssh://host')).toEqual({ server: 'git', uri: 'git+ssh://host' });
    expect(table.exposeTemplate('git', 'git+ssh://{host}')).toBe('git+ssh://{host}');
    expect(table.lookupTemplate('git+ssh://{host}')).toEqual({ server: 'git', uri: 'git+ssh://{host}' });
  });
});

describe('a template', () => {
  test('stays readable, and what a client fills in finds the same server', () => {
    const table = createUriTable(['files', 'memory']);
    table.learnTemplates('files', ['demo://{id}']);
    table.learnTemplates('memory', ['demo://{id}', 'note://{id}']);
    expect(table.exposeTemplate('files', 'demo://{id}')).toBe('demo://{id}');
    expect(table.exposeTemplate('memory', 'demo://{id}')).toBe('memory+demo://{id}');
    expect(table.exposeTemplate('memory', 'note://{id}')).toBe('note://{id}');
    expect(table.lookupUri('memory+demo://5')).toEqual({ server: 'memory', uri: 'demo://5' });
    expect(table.lookupTemplate('memory+demo://{id}')).toEqual({ server: 'memory', uri: 'demo://{id}' });
    expect(table.lookupTemplate('note://{id}')).toEqual({ server: 'memory', uri: 'note://{id}' });
  });

  test('of over 2048 characters or 16 expressions gets the slug, as what is made of it is found by nothing else', () => {
    const table = createUriTable(['files', 'memory']);
    const large = [`demo://{${'v'.repeat(2048)}}`, `note://${'{a}'.repeat(17)}`];
    table.learnTemplates('files', large);
    for (const template of large) {
      expect(table.exposeTemplate('files', template)).toBe(`files+${template}`);
      expect(table.lookupTemplate(`files+${template}`)).toEqual({ server: 'files', uri: template });
    }
  });

  test('that could make the URIs of an earlier server’s template gets the slug', () => {
    const table = createUriTable(['files', 'memory']);
    table.learnTemplates('files', ['demo://{id}']);
    table.learnTemplates('memory', ['demo://notes/{name}']);
    expect(table.exposeTemplate('memory', 'demo://notes/{name}')).toBe('memory+demo://notes/{name}');
  });
});

const text = fc.oneof(
  trickyName,
  fc.constantFrom('file:///a', 'demo://x/{id}', 'demo://x/1', 'memory+file:///a', 'a+b', '+', 'a+', 'a+a+file:///a'),
);
const serverName = fc.oneof(
  fc.constantFrom('a', 'A', 'memory', 'my server', 'my-server', '1a', 'x'.repeat(50)),
  trickyName,
);
const lists = fc.uniqueArray(
  fc.record({ server: serverName, uris: fc.uniqueArray(text), templates: fc.uniqueArray(text, { maxLength: 4 }) }),
  { selector: ({ server }) => server, minLength: 1, maxLength: 5 },
);

describe('whatever servers list', () => {
  const learned = (servers: { server: string; uris: string[]; templates: string[] }[]) => {
    const table = createUriTable(servers.map(({ server }) => server));
    for (const { server, uris, templates } of servers) {
      table.learnUris(server, uris);
      table.learnTemplates(server, templates);
    }
    return table;
  };

  test('every URI is unique and leads back, listed or not', () => {
    fc.assert(
      fc.property(lists, fc.array(text), (servers, unlisted) => {
        const table = learned(servers);
        const seen = new Map<string, string>();
        for (const { server, uris } of servers) {
          for (const uri of new Set([...uris, ...unlisted])) {
            const exposed = table.exposeUri(server, uri);
            expect(seen.get(exposed)).toBeUndefined();
            seen.set(exposed, server);
            expect(table.lookupUri(exposed)).toEqual({ server, uri });
          }
        }
      }),
    );
  });

  test('every template is unique and leads back', () => {
    fc.assert(
      fc.property(lists, (servers) => {
        const table = learned(servers);
        for (const { server, templates } of servers) {
          for (const template of templates) {
            const exposed = table.exposeTemplate(server, template);
            expect(table.lookupTemplate(exposed)).toEqual({ server, uri: template });
          }
        }
      }),
    );
  });

  test('a URI of which nobody before has the like stays as it is', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.webUrl()), (uris) => {
        const table = createUriTable(['files', 'memory']);
        table.learnUris('memory', uris);
        for (const uri of uris) expect(table.exposeUri('memory', uri)).toBe(uri);
      }),
    );
  });
});

test('a server that lists without end forgets its own oldest URIs and nobody else’s', () => {
  const table = createUriTable(['endless', 'memory']);
  table.learnUris('memory', ['note://1']);
  table.learnUris(
    'endless',
    Array.from({ length: 10_001 }, (_, i) => `x://${i}`),
  );
  expect(table.lookupUri('x://0')).toBeUndefined();
  expect(table.lookupUri('x://1')).toEqual({ server: 'endless', uri: 'x://1' });
  expect(table.lookupUri('note://1')).toEqual({ server: 'memory', uri: 'note://1' });
});

describe('a slug', () => {
  test('is the server’s name where that is a legal scheme', () => {
    expect(uriSlug('memory')).toBe('memory');
    expect(uriSlug('my-server.2')).toBe('my-server.2');
  });

  test('keeps the name readable otherwise', () => {
    expect(uriSlug('My Server')).toMatch(/^my-server-[0-9a-f]{10}$/);
    expect(uriSlug('42')).toMatch(/^server-[0-9a-f]{10}$/);
    expect(uriSlug(uriSlug('My Server'))).not.toBe(uriSlug('My Server'));
  });

  test('is legal, without `+`, and one server’s alone even if case is lost', () => {
    fc.assert(
      fc.property(serverName, serverName, (one, other) => {
        expect(uriSlug(one)).toMatch(/^[a-z][a-z0-9.-]{0,39}$/);
        if (one !== other) expect(uriSlug(one)).not.toBe(uriSlug(other));
      }),
    );
  });
});
