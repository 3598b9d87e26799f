import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exposedName, isLegalName, namePrefix, splitName } from '../../src/catalog/names.ts';
import { imitatingName } from './arbitraries.ts';

describe('a name that needs no help', () => {
  test('is the server and the tool, joined by two underscores', () => {
    expect(exposedName('read_file', 'files')).toBe('files__read_file');
  });

  test('stays as it is without a prefix', () => {
    expect(exposedName('get-sum')).toBe('get-sum');
    expect(exposedName('a__b')).toBe('a__b');
  });

  test('is read back without having been seen before', () => {
    expect(splitName('files__read_file')).toEqual({ server: 'files', name: 'read_file' });
    expect(splitName('files___private')).toEqual({ server: 'files', name: '_private' });
  });
});

describe('a name that needs a hash', () => {
  // Written out in full: clients keep these names, so no release may change them.
  test('keeps its readable part and its prefix when characters are illegal', () => {
    expect(exposedName('files.read')).toBe('files_read_89b43be661a56cf3');
    expect(exposedName('files.read', 'disk')).toBe('disk__files_read_3845f8e5a94b1663');
    expect(exposedName('読む', '日本')).toBe('server__unnamed_13883e7c0e0c8e4c');
  });

  test('is cut to 64 characters, the server to 31 of them', () => {
    const name = exposedName(
      'list_pull_request_review_comments_for_repository',
      'the-version-control-server-of-our-whole-company',
    );
    expect(name).toBe('the-version-control-server-of-o__list_pull_requ_ff1a7964e12b1723');
    expect(name).toHaveLength(64);
  });

  test('says whose it is when the plain form would not', () => {
    expect(exposedName('c', 'a__b')).toMatch(/^a__b__c_[0-9a-f]{16}$/);
    expect(exposedName('b__c', 'a')).toBe('a__b__c');
    expect(exposedName('b', 'a_')).toMatch(/^a__b_[0-9a-f]{16}$/);
    expect(exposedName('_b', 'a')).toBe('a___b');
  });

  test('cannot be taken by a tool that calls itself like it', () => {
    const hashed = exposedName('files.read');
    expect(exposedName(hashed)).not.toBe(hashed);
    expect(exposedName(hashed)).toMatch(/^files_read_[0-9a-f]{16}_[0-9a-f]{16}$/);
  });

  test('is never read back by splitting', () => {
    expect(splitName(exposedName('c', 'a__b'))).toBeUndefined();
  });

  test('takes no time to speak of when a server sends a megabyte of underscores', () => {
    const started = performance.now();
    const endless = `a${'_'.repeat(1_000_000)}a`;
    exposedName(endless, endless);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

const tool = fc.record({ name: imitatingName, server: fc.option(imitatingName, { nil: undefined }) });

describe('every exposed name', () => {
  test('is legal', () => {
    fc.assert(
      fc.property(tool, ({ name, server }) => {
        expect(exposedName(name, server)).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      }),
    );
  });

  test('is one tool of one server when prefixed', () => {
    fc.assert(
      fc.property(
        imitatingName,
        imitatingName,
        imitatingName,
        imitatingName,
        (server, name, otherServer, otherName) => {
          fc.pre(server !== otherServer || name !== otherName);
          expect(exposedName(name, server)).not.toBe(exposedName(otherName, otherServer));
        },
      ),
    );
  });

  test('is one tool when not prefixed', () => {
    fc.assert(
      fc.property(imitatingName, imitatingName, (name, otherName) => {
        fc.pre(name !== otherName);
        expect(exposedName(name)).not.toBe(exposedName(otherName));
      }),
    );
  });

  test('is not what a tool with that very name is exposed as, unless it is plain', () => {
    fc.assert(
      fc.property(tool, ({ name, server }) => {
        const exposed = exposedName(name, server);
        const plain = server === undefined ? name : `${server}__${name}`;
        if (exposed !== plain) expect(exposedName(exposed)).not.toBe(exposed);
      }),
    );
  });

  test('begins with the prefix that is told to people', () => {
    fc.assert(
      fc.property(imitatingName, imitatingName, (name, server) => {
        expect(exposedName(name, server).startsWith(namePrefix(server))).toBe(true);
      }),
    );
  });

  test('is read back exactly, or not at all', () => {
    fc.assert(
      fc.property(imitatingName, imitatingName, (name, server) => {
        const exposed = exposedName(name, server);
        const target = splitName(exposed);
        if (target) expect(target).toEqual({ server, name });
        else expect(exposed).not.toBe(`${server}__${name}`);
      }),
    );
  });
});

test('a text is split only if splitting is the way back', () => {
  fc.assert(
    fc.property(imitatingName, (text) => {
      const target = splitName(text);
      if (target) expect(exposedName(target.name, target.server)).toBe(text);
    }),
  );
});

test.each(['', 'a b', 'x'.repeat(65), 'a.b', 'é', 'a\n'])('%j is no legal name', (name) => {
  expect(isLegalName(name)).toBe(false);
});
