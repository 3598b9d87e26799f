import { describe, expect, test } from 'vitest';
import { mergeCapabilities, mergeInstructions } from '../../src/catalog/merge.ts';

describe('merged capabilities', () => {
  test('are what anybody has, with changing lists', () => {
    expect(
      mergeCapabilities([
        { tools: {}, logging: {} },
        { tools: { listChanged: false }, resources: { subscribe: true } },
        { resources: { subscribe: false }, completions: {}, prompts: { listChanged: true } },
      ]),
    ).toEqual({
      tools: { listChanged: true },
      logging: {},
      resources: { subscribe: true, listChanged: true },
      completions: {},
      prompts: { listChanged: true },
    });
  });

  test('can be subscribed to whichever server comes first', () => {
    const [one, other] = [{ resources: { subscribe: false } }, { resources: { subscribe: true } }];
    expect(mergeCapabilities([one, other])).toEqual(mergeCapabilities([other, one]));
  });

  test('do not say that nobody’s lists change', () => {
    expect(mergeCapabilities([{ logging: {} }, {}])).toEqual({ logging: {} });
    expect(mergeCapabilities([])).toEqual({});
  });

  test('unite tasks member by member', () => {
    expect(
      mergeCapabilities([
        { tasks: { list: {}, requests: { tools: { call: {} } } } },
        { tasks: { cancel: {}, requests: { tools: { call: {} }, other: { x: {} } } } },
      ]),
    ).toEqual({ tasks: { list: {}, cancel: {}, requests: { tools: { call: {} }, other: { x: {} } } } });
  });

  test('keep each feature’s settings whole, the first server’s', () => {
    const ui = 'io.modelcontextprotocol/ui';
    expect(
      mergeCapabilities([
        { extensions: { [ui]: { mimeTypes: ['a'] } }, experimental: { x: { a: 1 } } },
        { extensions: { [ui]: { mimeTypes: ['b'], more: 1 }, other: {} }, experimental: { x: { b: 2 }, y: {} } },
      ]),
    ).toEqual({ extensions: { [ui]: { mimeTypes: ['a'] }, other: {} }, experimental: { x: { a: 1 }, y: {} } });
  });

  test('keep what is not known, the first server’s', () => {
    expect(mergeCapabilities([{ 'x-new': { a: 1 } }, { 'x-new': { b: 1 }, tools: { 'x-odd': 1 } }])).toEqual({
      'x-new': { a: 1 },
      tools: { 'x-odd': 1, listChanged: true },
    });
  });

  test('come out of anything', () => {
    const odd = JSON.parse(
      '{"__proto__":{"polluted":1},"tools":{"toString":1,"__proto__":{}},"tasks":true,"prompts":null}',
    );
    const merged = mergeCapabilities([null, 3, 'x', [], { tools: 'yes' }, { tools: {}, tasks: {} }, odd, odd]);
    expect(merged).toMatchObject({ tools: { toString: 1, listChanged: true }, tasks: {} });
    expect(Object.keys(merged)).not.toContain('prompts');
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });

  test('leave what they are made of alone', () => {
    const one = Object.freeze({ tools: Object.freeze({}) });
    mergeCapabilities([one, { tools: { x: 1 } }]);
    expect(one).toEqual({ tools: {} });
  });
});

describe('merged instructions', () => {
  test('say whose they are and how the tools are called here', () => {
    expect(
      mergeInstructions([
        { server: 'files', prefix: 'files__', instructions: 'Use read_file first.' },
        { server: 'quiet', prefix: 'quiet__', instructions: undefined },
        { server: 'memory', prefix: 'memory__', instructions: 'Remember.' },
      ]),
    ).toBe(
      '# files (its tools and prompts begin with `files__`)\n\nUse read_file first.\n\n' +
        '# memory (its tools and prompts begin with `memory__`)\n\nRemember.',
    );
  });

  test('have plain headings when nothing is prefixed', () => {
    expect(
      mergeInstructions([
        { server: 'a', prefix: '', instructions: 'One.' },
        { server: 'b', prefix: '', instructions: ' ' },
      ]),
    ).toBe('# a\n\nOne.');
  });

  test('of a single server are its own', () => {
    expect(mergeInstructions([{ server: 'files', prefix: 'files__', instructions: ' As it is.\n' }])).toBe(
      ' As it is.\n',
    );
  });

  test('are absent when nobody has any', () => {
    expect(mergeInstructions([])).toBeUndefined();
    expect(mergeInstructions([{ server: 'a', prefix: '', instructions: undefined }])).toBeUndefined();
    expect(
      mergeInstructions([
        { server: 'a', prefix: '', instructions: undefined },
        { server: 'b', prefix: '', instructions: '' },
      ]),
    ).toBeUndefined();
  });
});
