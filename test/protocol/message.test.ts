import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  errorFrame,
  INVALID_REQUEST,
  type Message,
  MessageError,
  notificationFrame,
  PARSE_ERROR,
  parseMessages,
  progressTokenOf,
  requestFrame,
  resultFrame,
  withId,
  withParams,
  withProgressToken,
  withResult,
} from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { jsonText, stringText } from './arbitraries.ts';

const parseMessage = (text: string) => parseMessages(text, 'client') as Message;

const refusal = (text: string): Pick<MessageError, 'code' | 'id' | 'message'> => {
  try {
    parseMessages(text, 'client');
  } catch (error) {
    expect(error).toBeInstanceOf(MessageError);
    const { code, id, message } = error as MessageError;
    return { code, id, message };
  }
  throw new Error(`taken: ${text}`);
};

const idOf = (message: Message): string | undefined => ('id' in message ? message.id : undefined);

describe('a message', () => {
  it.each([
    ['a request', '{"jsonrpc":"2.0","id":1,"method":"ping"}', { kind: 'request', id: '1', method: 'ping' }],
    ['a request with params', '{"jsonrpc":"2.0","id":"a","method":"x/y","params":{}}', { kind: 'request', id: '"a"' }],
    ['a request whose method is empty', '{"jsonrpc":"2.0","id":1,"method":""}', { kind: 'request', method: '' }],
    ['a request that also has a result', '{"jsonrpc":"2.0","id":1,"method":"x","result":{}}', { kind: 'request' }],
    ['a notification', '{"jsonrpc":"2.0","method":"a","params":{"id":1}}', { kind: 'notification', method: 'a' }],
    ['a result', '{"jsonrpc":"2.0","id":0,"result":{}}', { kind: 'response', id: '0' }],
    ['a result that is no object', '{"jsonrpc":"2.0","id":0,"result":null}', { kind: 'response', id: '0' }],
    ['an error', '{"jsonrpc":"2.0","id":"1","error":{"code":1}}', { kind: 'response', id: '"1"' }],
    ['an error for nobody', '{"jsonrpc":"2.0","id":null,"error":{}}', { kind: 'response', id: 'null' }],
    ['a request with escapes in its keys', '{"\\u006dethod":"a","jsonrpc":"2.0","\\u0069d":1}', { kind: 'request' }],
  ])('is recognised as %s', (_, text, expected) => {
    expect(parseMessage(text)).toMatchObject(expected);
    expect(parseMessage(text).frame.text).toBe(text);
  });

  it.each([
    ['text that is no JSON', '{"jsonrpc":"2.0",', PARSE_ERROR, 'null'],
    ['nothing', '', PARSE_ERROR, 'null'],
    ['a repeated key', '{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}', PARSE_ERROR, 'null'],
    ['100,000 levels', '['.repeat(100_000), PARSE_ERROR, 'null'],
    ['a string', '"ping"', INVALID_REQUEST, 'null'],
    ['null', 'null', INVALID_REQUEST, 'null'],
    ['a message without a version', '{"id":1,"method":"a"}', INVALID_REQUEST, '1'],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"a"}', INVALID_REQUEST, '1'],
    ['a version that is a number', '{"jsonrpc":2.0,"id":"x","method":"a"}', INVALID_REQUEST, '"x"'],
    ['a method that is no string', '{"jsonrpc":"2.0","id":1,"method":7}', INVALID_REQUEST, '1'],
    ['a method that is null', '{"jsonrpc":"2.0","id":1,"method":null}', INVALID_REQUEST, '1'],
    ['params in a list', '{"jsonrpc":"2.0","id":1,"method":"a","params":[]}', INVALID_REQUEST, '1'],
    ['params that are null', '{"jsonrpc":"2.0","method":"a","params":null}', INVALID_REQUEST, 'null'],
    ['an id that is null', '{"jsonrpc":"2.0","id":null,"method":"a"}', INVALID_REQUEST, 'null'],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{"a":1},"method":"a"}', INVALID_REQUEST, 'null'],
    ['an id that is a boolean', '{"jsonrpc":"2.0","id":true,"method":"a"}', INVALID_REQUEST, 'null'],
    ['neither method nor result', '{"jsonrpc":"2.0","id":1}', INVALID_REQUEST, '1'],
    ['result and error', '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', INVALID_REQUEST, '1'],
    ['a result without an id', '{"jsonrpc":"2.0","result":{}}', INVALID_REQUEST, 'null'],
    ['an id in a list', '{"jsonrpc":"2.0","id":[1],"result":{}}', INVALID_REQUEST, 'null'],
  ])('is refused when it is %s', (_, text, code, id) => {
    expect(refusal(text)).toMatchObject({ code, id });
  });

  // Servers and filters must see the same params, and whoever reads them later cannot answer with an error any more.
  it.each([
    ['in its params', '{"jsonrpc":"2.0","id":1,"method":"a","params":{"name":"x","name":"y"}}', '1'],
    ['in its _meta', '{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"name":1,"name":2}}}', '1'],
    ['in the params of a notification', '{"jsonrpc":"2.0","method":"a","params":{"name":1,"name":2}}', 'null'],
    ['inside a batch', '[{"jsonrpc":"2.0","id":1,"name":1,"name":2,"method":"a"}]', '1'],
  ])('is refused when a key occurs twice %s', (_, text, id) => {
    expect(refusal(text)).toEqual({
      code: INVALID_REQUEST,
      id,
      message: 'Invalid Request: the key "name" occurs twice',
    });
  });

  // Go's parser, for one, takes a key for another that differs only by case.
  it.each([
    ['"ID"', '{"jsonrpc":"2.0","id":1,"ID":2,"method":"a"}'],
    ['"Method"', '{"jsonrpc":"2.0","id":1,"method":"a","Method":"b"}'],
    ['"paramſ"', '{"jsonrpc":"2.0","id":1,"method":"a","paramſ":{}}'],
    ['"NAME"', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","NAME":"b"}}'],
    ['"Name"', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"\\u004eame":"b"}}'],
  ])('is refused when it has the key %s, which some take for another', (key, text) => {
    expect(refusal(text)).toEqual({
      code: INVALID_REQUEST,
      id: '1',
      message: `Invalid Request: the key ${key} is written like another one`,
    });
  });

  it('may have any other keys, in arguments any at all', () => {
    const call =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"Name":1,"name":2}},"X":1}';
    const other = '{"jsonrpc":"2.0","id":1,"method":"x/y","params":{"Name":1}}';
    for (const text of [call, other]) expect(parseMessage(text).frame.text).toBe(text);
  });

  it('of a server may repeat keys: no filter depends on them', () => {
    const text = '{"jsonrpc":"2.0","method":"a","params":{"name":1,"name":2,"_meta":{"x":1,"x":2}}}';
    expect(parseMessages(text, 'server')).toMatchObject({ kind: 'notification', frame: { text } });
  });

  it('is checked in full where we act on it, even if it is a large one of a server', () => {
    const broken = [
      '{"jsonrpc":"2.0","method":"a\\q"}',
      '{"jsonrpc":"2.0","id":"a\\q","method":"a"}',
      '{"jsonrpc":"2.0","method":"a","params":{"deep":[{"uri":"a\tb"}]}}',
      '[{"jsonrpc":"2.0","method":"a\\q"}]',
      '{"a\\q":1}',
    ];
    for (const text of broken) {
      expect(refusal(text)).toMatchObject({ code: PARSE_ERROR, id: 'null' });
      expect(() => parseMessages(text + ' '.repeat(20_000), 'server')).toThrow(MessageError);
    }
  });

  it('that is a large answer of a server may hold what the receiver has to check', () => {
    const text = `{"jsonrpc":"2.0","id":1,"result":{"text":"a\\q${'x'.repeat(20_000)}"}}`;
    expect(parseMessages(text, 'server')).toMatchObject({ kind: 'response', id: '1', frame: { text } });
    expect(refusal(text)).toMatchObject({ code: PARSE_ERROR });
  });

  it('may repeat keys where nobody but the receiver looks', () => {
    const call = '{"jsonrpc":"2.0","id":1,"method":"a","params":{"arguments":{"a":1,"a":2}}}';
    const result = '{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}';
    for (const text of [call, result]) expect(parseMessage(text).frame.text).toBe(text);
  });
});

describe('an id', () => {
  it.each(['1', '"1"', '-1', '1.5', '1e3', '9007199254740993', '"a\\"b\\u00e9"', '""', '"日😀"'])(
    '%s is kept as text',
    (id) => {
      expect(idOf(parseMessage(`{"jsonrpc":"2.0","id":${id},"method":"a"}`))).toBe(id);
      expect(idOf(parseMessage(`{"result":{}, "id" : ${id} ,"jsonrpc":"2.0"}`))).toBe(id);
      expect(errorFrame(1, 'x', undefined, id).raw('id')?.text).toBe(id);
      expect(resultFrame({}, id).raw('id')?.text).toBe(id);
      expect(withId(RawJson.parse('{"id":7,"x":1.0}'), id).text).toBe(`{"id":${id},"x":1.0}`);
    },
  );

  it('of our own may be a number', () => {
    expect(withId(requestFrame('a', { b: 1 }), 5).text).toBe('{"jsonrpc":"2.0","id":5,"method":"a","params":{"b":1}}');
  });
});

describe('a batch', () => {
  it('is its messages in order', () => {
    const texts = [
      '{"jsonrpc":"2.0","id":1,"method":"a"}',
      '{"jsonrpc":"2.0","method":"b"}',
      '{"jsonrpc":"2.0","id":2,"result":1.0}',
    ];
    const messages = parseMessages(` [ ${texts.join(' ,\n')} ] `, 'client') as Message[];
    expect(messages.map(({ kind }) => kind)).toEqual(['request', 'notification', 'response']);
    expect(messages.map(({ frame }) => frame.text)).toEqual(texts);
  });

  it('must not be empty or hold what is no message', () => {
    expect(refusal('[]')).toMatchObject({ code: INVALID_REQUEST, id: 'null' });
    expect(refusal('[1]')).toMatchObject({ code: INVALID_REQUEST, id: 'null' });
    expect(refusal('[[]]')).toMatchObject({ code: INVALID_REQUEST, id: 'null' });
    expect(refusal('[{"jsonrpc":"2.0","id":1,"method":"a"},{"id":2}]')).toMatchObject({
      code: INVALID_REQUEST,
      id: '2',
    });
  });
});

describe('a progress token', () => {
  const token = fc.oneof(fc.integer().map(String), fc.constant('9007199254740993'), stringText);

  it('is read and replaced as text, and nothing else of the request changes', () => {
    fc.assert(
      fc.property(token, token, jsonText, (before, after, value) => {
        const text = (own: string) =>
          `{"method":"a","params":{"x":${value},"_meta":{"y":${value}, "progressToken":${own}}}, "z":1.0}`;
        const frame = RawJson.parse(text(before));
        expect(progressTokenOf(frame)).toBe(before);
        expect(withProgressToken(frame, after).text).toBe(text(after));
        expect(withProgressToken(frame, 7).text).toBe(text('7'));
      }),
    );
  });

  it('is replaced in a notification, where it stands beside the progress', () => {
    const frame = RawJson.parse('{"method":"a","params":{"progressToken":"x","progress":1.0,"_meta":{"k":1}}}');
    expect(withProgressToken(frame, '3').text).toBe(
      '{"method":"a","params":{"progressToken":3,"progress":1.0,"_meta":{"k":1}}}',
    );
  });

  it('is added where there is none', () => {
    expect(withProgressToken(RawJson.parse('{"method":"a"}'), 1).text).toBe(
      '{"method":"a","params":{"_meta":{"progressToken":1}}}',
    );
  });

  it('is none in a request without one', () => {
    const requests = [
      '{}',
      '{"params":{}}',
      '{"params":{"_meta":{}}}',
      '{"params":{"_meta":[1]}}',
      '{"params":{"progressToken":1}}',
    ];
    for (const text of requests) expect(progressTokenOf(RawJson.parse(text))).toBeUndefined();
  });
});

describe('frames of our own', () => {
  it('are what JSON-RPC asks for', () => {
    expect(notificationFrame('n').value).toEqual({ jsonrpc: '2.0', method: 'n' });
    expect(resultFrame({ a: 1 }).value).toEqual({ jsonrpc: '2.0', id: null, result: { a: 1 } });
    expect(errorFrame(-32603, 'm').value).toEqual({ jsonrpc: '2.0', id: null, error: { code: -32603, message: 'm' } });
    expect(errorFrame(1, 'm', { d: 1 }).value).toMatchObject({ error: { data: { d: 1 } } });
  });

  it('carry changed params and results beside what was there', () => {
    const frame = RawJson.parse('{"params":{"a":1.0,"b":2},"result":{"c":1.0}}');
    expect(withParams(frame, { b: 3 }).text).toBe('{"params":{"a":1.0,"b":3},"result":{"c":1.0}}');
    expect(withResult(frame, { d: 4 }).text).toBe('{"params":{"a":1.0,"b":2},"result":{"c":1.0,"d":4}}');
    expect(withParams(RawJson.parse('{}'), { a: 1 }).text).toBe('{"params":{"a":1}}');
    expect(withResult(RawJson.parse('{}'), { a: 1 }).text).toBe('{"result":{"a":1}}');
  });
});
