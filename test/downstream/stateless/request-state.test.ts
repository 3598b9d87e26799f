import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Binding,
  digestOf,
  type RequestState,
  StateSeal,
} from '../../../src/downstream/stateless/request-state.ts';
import type { Request } from '../../../src/protocol/message.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { jsonText } from '../../protocol/arbitraries.ts';
import { principalOf } from '../support.ts';

const BINDING = { digest: 'a digest', principal: principalOf('somebody') };
const refusal = (why: string) =>
  expect.objectContaining({ code: -32602, message: `requestState ${why}; send the request again without it` });

const state: fc.Arbitrary<RequestState> = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((call) => ({ call })),
  fc.string({ unit: 'grapheme' }).map((server) => ({ server })),
);
const binding: fc.Arbitrary<Binding> = fc.record({
  digest: fc.string(),
  principal: fc.record({ id: fc.string(), readOnly: fc.boolean() }),
});

describe('a sealed state', () => {
  it('opens to what it was made of', () => {
    fc.assert(
      fc.property(state, binding, (inside, given) => {
        const seal = new StateSeal();
        expect(seal.open(seal.seal(inside, given, 1000), { ...given })).toMatchObject(inside);
      }),
    );
  });

  it('is plain text that needs no escapes', () => {
    expect(new StateSeal().seal({ server: '日"\n' }, BINDING, 1000)).toMatch(/^[\w-]+\.[\w-]+$/);
  });

  it('is refused however it was changed', () => {
    const seal = new StateSeal();
    const sealed = seal.seal({ call: 'handle' }, BINDING, 1000);
    const change = fc.tuple(
      fc.nat({ max: sealed.length }),
      fc.nat({ max: 3 }),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(change, ([at, cut, put]) => {
        const changed = sealed.slice(0, at) + put + sealed.slice(at + cut);
        if (changed !== sealed) expect(() => seal.open(changed, BINDING)).toThrow(refusal('was not made here'));
      }),
      { numRuns: 2000, examples: [[[sealed.length, 0, '.']], [[sealed.length, 0, '=']], [[sealed.length, 0, '!']]] },
    );
  });

  it.each(['', '.', 'a', 'a.b', '.'.repeat(100), 'e30.e30', '[object Object]'])('is none when it is %j', (text) => {
    expect(() => new StateSeal().open(text, BINDING)).toThrow(refusal('was not made here'));
  });

  it('is of another bridge’s making when the key is another', () => {
    const sealed = new StateSeal().seal({ call: 'a' }, BINDING, 1000);
    expect(() => new StateSeal().open(sealed, BINDING)).toThrow(refusal('was not made here'));
  });

  it('is good for the request that it was made for', () => {
    const seal = new StateSeal();
    const sealed = seal.seal({ server: 'a' }, BINDING, 1000);
    expect(() => seal.open(sealed, { ...BINDING, digest: 'another' })).toThrow(refusal('belongs to another request'));
  });

  it.each([principalOf(''), principalOf('somebody else'), principalOf('somebody', true)])(
    'is none for another principal, whatever they ask with it: %j',
    (principal) => {
      const seal = new StateSeal();
      const sealed = seal.seal({ server: 'a' }, BINDING, 1000);
      for (const digest of [BINDING.digest, 'another'])
        expect(() => seal.open(sealed, { digest, principal })).toThrow(refusal('was not made here'));
    },
  );

  it('does not tell who somebody is here', () => {
    const [text = ''] = new StateSeal().seal({ server: 'a' }, BINDING, 1000).split('.');
    expect(Buffer.from(text, 'base64url').toString()).not.toContain('somebody');
  });

  it('is good for its time', () => {
    let now = 1_000_000;
    const seal = new StateSeal(() => now);
    const sealed = seal.seal({ call: 'a' }, BINDING, 1000);
    now += 1000;
    expect(seal.open(sealed, BINDING)).toMatchObject({ call: 'a' });
    now += 1;
    expect(() => seal.open(sealed, BINDING)).toThrow(refusal('has expired'));
  });
});

describe('the digest of a request', () => {
  const digest = (params: string | undefined, method = 'tools/call') =>
    digestOf({
      kind: 'request',
      id: '1',
      method,
      frame: RawJson.parse(`{${params ? `"params":${params}` : ''}}`),
    } as Request);

  it('is the same for what a retry repeats, however it is written and whatever it brings along', () => {
    const first = digest('{"name":"a","arguments":{"x":1,"y":[{"b":1,"a":2}]}}');
    const retries = [
      '{ "arguments":{"y":[{"a":2,"b":1}],"x":1.0}, "n\\u0061me":"a"}',
      '{"name":"a","arguments":{"x":1,"y":[{"b":1,"a":2}]},"_meta":{"progressToken":2}}',
      '{"name":"a","arguments":{"x":1,"y":[{"b":1,"a":2}]},"inputResponses":{"q":{}},"requestState":"s"}',
    ];
    for (const retry of retries) expect(digest(retry)).toBe(first);
    expect(digest(undefined)).toBe(digest('{"_meta":{}}'));
  });

  it('is another one for any other request', () => {
    const texts = [
      '{}',
      '{"name":"a"}',
      '{"name":"b"}',
      '{"uri":"a"}',
      '{"name":"a","arguments":{}}',
      '{"name":["a"]}',
    ];
    const digests = [...texts.map((text) => digest(text)), digest('{"name":"a"}', 'prompts/get')];
    expect(new Set(digests).size).toBe(digests.length);
    fc.assert(
      fc.property(jsonText, jsonText, (a, b) => {
        const isSame = digest(`{"arguments":${a}}`) === digest(`{"arguments":${b}}`);
        // As a client may write again what it has read: `1e400` is `null` then.
        const again = (text: string) => JSON.parse(JSON.stringify(JSON.parse(text)));
        if (isSame) expect(again(a)).toEqual(again(b));
      }),
    );
  });
});
