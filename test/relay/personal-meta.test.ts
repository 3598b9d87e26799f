import { describe, expect, it } from 'vitest';
import { notificationFrame, requestFrame } from '../../src/protocol/message.ts';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { withoutPersonalMeta } from '../../src/relay/personal-meta.ts';
import { contentOf, createClient, createExchange } from '../upstream/support.ts';
import { playRelays } from './support.ts';

const KEYS = ['userLocation', 'userAgent', 'locale', 'subject', 'session', 'organization', 'widgetSessionId'];
const PERSONAL = Object.fromEntries(KEYS.map((key) => [`openai/${key}`, `my ${key}`]));

const paramsOf = (frame: RawJson) => frame.raw('params')?.text;
const withParamsText = (params: string) => RawJson.parse(`{"jsonrpc":"2.0","id":1,"method":"m","params":${params}}`);

describe('what a message says of a person', () => {
  it.each(KEYS)('is taken out: openai/%s', (key) => {
    const frame = withParamsText(`{"_meta":{"openai/${key}":{"a":1},"x":1.0}}`);
    expect(paramsOf(withoutPersonalMeta(frame))).toBe('{"_meta":{"x":1.0}}');
  });

  it('is taken out with the _meta that held nothing else', () => {
    const frame = withParamsText('{"name":"a","_meta":{"openai/locale":"de"},"x":1.0}');
    expect(paramsOf(withoutPersonalMeta(frame))).toBe('{"name":"a","x":1.0}');
    expect(paramsOf(withoutPersonalMeta(withParamsText('{"_meta":{"openai/locale":"de"}}')))).toBe('{}');
  });

  it('is known however its key is written', () => {
    const frame = withParamsText('{"_meta":{"openai\\/us\\u0065rLocation":"here","b":2}}');
    expect(paramsOf(withoutPersonalMeta(frame))).toBe('{"_meta":{"b":2}}');
  });

  it.each([
    '{ "_meta" : { } }',
    '{"_meta":{"openai/outputTemplate":"a","openai/userlocation":1,"x":1.0 } }',
    '{"_meta":7}',
    '{"arguments":{"_meta":{"openai/locale":"de"}},"openai/locale":"de"}',
    '{}',
  ])('is all that changes: %s', (params) => {
    const frame = withParamsText(params);
    expect(withoutPersonalMeta(frame)).toBe(frame);
  });
});

describe('servers', () => {
  const params = { name: 'a', _meta: { ...PERSONAL, own: 1 } };

  it.each([
    [{ personalMeta: false }, { own: 1 }],
    [{ personalMeta: true }, { ...PERSONAL, own: 1 }],
  ])('hear of the person behind a client where that is asked for (%j), in every message', async (options, _meta) => {
    const { merged, received } = await playRelays([{ answer: () => ({ result: {} }) }], options);
    const client = createClient();
    for (const method of ['tools/call', 'x-vendor/method', 'resources/read'])
      await merged.handle(createExchange(requestFrame(method, params), { client }));
    const notification = notificationFrame('notifications/x', params);
    merged.notify(client, { kind: 'notification', method: 'notifications/x', frame: notification });
    await expect.poll(() => received[0]?.at(-1)?.string('method')).toBe('notifications/x');
    const heard = received[0]?.filter((frame) => frame.raw('params')?.has('_meta')) ?? [];
    expect(heard.map((frame) => [frame.string('method'), frame.raw('params')?.get('_meta')])).toEqual(
      ['tools/call', 'x-vendor/method', 'resources/read', 'notifications/x'].map((method) => [method, _meta]),
    );
    const opening = merged.presentable(requestFrame('initialize', { _meta: params._meta }));
    expect(opening.raw('params')?.get('_meta')).toEqual(_meta);
  });

  it('get a message that says nothing of anybody as it came', async () => {
    const { merged } = await playRelays([{ answer: (_, { text }) => ({ result: { text } }) }]);
    const text = '{ "name":"a" , "_meta":{ "own" :1.0} }';
    const frame = RawJson.parse(`{"jsonrpc":"2.0","id":1,"method":"x-vendor/method","params":${text}}`);
    expect(contentOf(await merged.handle(createExchange(frame)))).toEqual({ text });
  });
});
