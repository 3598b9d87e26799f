import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  metaOf,
  subscriptionOf,
  tagged,
  untagged,
  withEnvelope,
  withoutEnvelope,
  withoutMeta,
} from '../../src/protocol/envelope.ts';
import type { Notification } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { jsonText, objectMembers, objectText, stringText } from './arbitraries.ts';

const PREFIX = 'io.modelcontextprotocol/';
const ENVELOPE = {
  capabilities: RawJson.parse('{"roots":{"x":1.0}}'),
  info: RawJson.parse('{"name":"n","x":1.0}'),
  logLevel: 'debug',
};
const NOTHING_MORE = { ...ENVELOPE, info: undefined, logLevel: undefined };

const parse = RawJson.parse;

describe('an envelope', () => {
  it('stands in _meta, beside what is there, and replaces what only looks like one', () => {
    const frame = parse(
      `{"x":1.0,"params":{"name":"a","_meta":{"${PREFIX}clientInfo":"forged","own":1.0}},"method":"tools/call"}`,
    );
    expect(withEnvelope(frame, ENVELOPE).text).toBe(
      `{"x":1.0,"params":{"name":"a","_meta":{"${PREFIX}clientInfo":{"name":"n","x":1.0},"own":1.0,` +
        `"${PREFIX}protocolVersion":"2026-07-28","${PREFIX}clientCapabilities":{"roots":{"x":1.0}},"${PREFIX}logLevel":"debug"}},` +
        '"method":"tools/call"}',
    );
  });

  it('is put around a request without params, or whose _meta is no object', () => {
    for (const text of ['{"method":"a"}', '{"method":"a","params":{}}', '{"method":"a","params":{"_meta":7}}'])
      expect(parse(withEnvelope(parse(text), NOTHING_MORE).text).value).toEqual({
        method: 'a',
        params: {
          _meta: { [`${PREFIX}protocolVersion`]: '2026-07-28', [`${PREFIX}clientCapabilities`]: { roots: { x: 1 } } },
        },
      });
  });

  it('comes off as it was put on, and nothing else changes', () => {
    fc.assert(
      fc.property(objectMembers(jsonText), jsonText, (members, x) => {
        fc.pre(members.length > 0);
        const frame = parse(`{"method":"a", "params":{"x":${x},"_meta":${objectText(members)}}}`);
        const opened = withoutEnvelope(withEnvelope(frame, ENVELOPE));
        expect(opened.raw('params')?.raw('x')?.text).toBe(x);
        const values = (meta: RawJson | undefined) => meta?.keys.map((key) => [key, meta.raw(key)?.text]);
        expect(values(metaOf(opened))).toEqual(values(metaOf(frame)));
      }),
    );
  });

  it('leaves nothing behind where there was nothing else', () => {
    expect(withoutEnvelope(withEnvelope(parse('{"params":{"x":1.0}}'), ENVELOPE)).text).toBe('{"params":{"x":1.0}}');
  });

  it('is not looked for where there is no _meta', () => {
    for (const text of ['{"method":"a"}', '{"method":"a", "params":{"x":[1.0]} }'])
      expect(withoutEnvelope(parse(text)).text).toBe(text);
  });
});

it('members of _meta go with it, when they were the last of it', () => {
  const without = (text: string) => withoutMeta(parse(text), 'a', 'b').text;
  expect(without('{"x":1.0,"_meta":{"a":1,"c":1.0,"b":2}}')).toBe('{"x":1.0,"_meta":{"c":1.0}}');
  expect(without('{"_meta":{"a":1},"x":1.0}')).toBe('{"x":1.0}');
  expect(without('{"x":1.0}')).toBe('{"x":1.0}');
});

describe('the tag of a subscription', () => {
  const subscription = fc.oneof(fc.integer().map(String), fc.constant('9007199254740993'), stringText);
  const asNotification = (frame: RawJson): Notification => ({ kind: 'notification', method: 'a', frame });

  it('is the id of its request as that was written, and comes off as it was put on', () => {
    fc.assert(
      fc.property(subscription, jsonText, (id, x) => {
        const text = `{"method":"a","params":{"x":${x},"_meta":{"own":${x}}}}`;
        const frame = tagged(parse(text), id);
        expect(parse(frame.text).raw('params')?.raw('_meta')?.text).toBe(
          `{"own":${x},"${PREFIX}subscriptionId":${id}}`,
        );
        expect([subscriptionOf(asNotification(frame)), untagged(frame).text]).toEqual([id, text]);
      }),
    );
  });

  it('is put on a notification without params, or whose _meta is no object', () => {
    for (const text of ['{"method":"a"}', '{"method":"a","params":{"_meta":null}}'])
      expect(tagged(parse(text), '1').text).toBe(`{"method":"a","params":{"_meta":{"${PREFIX}subscriptionId":1}}}`);
  });

  it('is none on other notifications, which stay as they are', () => {
    for (const text of [
      '{"method":"a"}',
      '{"method":"a","params":{"_meta":{}}}'.replace('{}', '{"subscriptionId":1}'),
    ]) {
      const frame = parse(text);
      expect([subscriptionOf(asNotification(frame)), untagged(frame).text]).toEqual([undefined, text]);
    }
  });
});
