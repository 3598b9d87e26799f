import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { rawPost } from '../support/http.ts';
import { createStatelessClient, type StatelessClient } from '../support/stateless.ts';
import { encodeHeader, toMessage } from '../support/stateless-request.ts';
import { ERA_SERVERS, ERA_VIEWS } from './era-views.ts';

/** Encoded, whether that is needed or not. */
const encoded = (value: string) => `=?base64?${Buffer.from(value).toString('base64')}?=`;

let bridge: Bridge;
beforeAll(async () => {
  bridge = await startBridge([], { config: { mcpServers: ERA_SERVERS } });
});
afterAll(() => bridge.stop());

describe.each(ERA_VIEWS)('the headers of a request to $title', ({ path, named, server }) => {
  let url: string;
  let client: StatelessClient;
  const document = `${server}://document`;
  const echo = { name: named('echo'), arguments: { message: 'hello' } };
  const locate = (args: object, place: string | undefined) =>
    client.call(named('located'), args, { headers: { 'mcp-param-place': place } });

  beforeAll(() => {
    url = bridge.origin + path;
    client = createStatelessClient(url);
  });

  it('takes a request whose headers say what its body says', async () => {
    expect(await client.request('tools/call', echo)).toMatchObject({
      status: 200,
      result: { structuredContent: { message: 'hello' } },
    });
  });

  it.each([
    ['no version', { 'mcp-protocol-version': undefined }],
    ['another version', { 'mcp-protocol-version': '2025-11-25' }],
    ['no method', { 'mcp-method': undefined }],
    ['an empty method', { 'mcp-method': '' }],
    ['another method', { 'mcp-method': 'tools/list' }],
    ['the method in capitals', { 'mcp-method': 'Tools/Call' }],
    ['no name', { 'mcp-name': undefined }],
    ['another name', { 'mcp-name': 'length' }],
    ['the name in capitals', { 'mcp-name': named('ECHO') }],
    ['another name, encoded', { 'mcp-name': encoded('length') }],
    ['a name that is badly encoded', { 'mcp-name': '=?base64?%%%?=' }],
    ['a name whose code is cut', { 'mcp-name': '=?base64?ZWNobw' }],
    ['a name in capital code', { 'mcp-name': encoded(named('echo')).replace('base64', 'BASE64') }],
    ['a name with bytes that are no ASCII', { 'mcp-name': `${named('echo')}\u00e9` }],
  ])('refuses a call with %s', async (_what, headers) => {
    const answer = await client.request('tools/call', echo, { id: 'mine', headers });
    expect(answer).toMatchObject({ status: 400, frames: [{ id: 'mine', error: { code: -32020 } }] });
  });

  it.each([
    ['prompts/get', { name: named('greeting'), arguments: { topic: 'x' } }],
    ['resources/read', { uri: document }],
  ])('wants the name of what is asked for: %s', async (method, params) => {
    expect(await client.request(method, params)).toMatchObject({ status: 200 });
    for (const headers of [{ 'mcp-name': undefined }, { 'mcp-name': 'another' }]) {
      expect(await client.request(method, params, { headers })).toMatchObject({
        status: 400,
        error: { code: -32020 },
      });
    }
  });

  it('takes a name that is encoded, whether it has to be or not', async () => {
    const headers = { 'mcp-name': encoded(named('echo')) };
    expect(await client.request('tools/call', echo, { headers })).toMatchObject({ status: 200 });
    const uri = `${document}/ü \u2028`;
    const { result } = await client.request('resources/read', { uri });
    expect(result?.contents).toMatchObject([{ uri }]);
  });

  it('takes headers in any case, as they are HTTP', async () => {
    const { body, headers } = toMessage('tools/call', echo, {});
    const shouted = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    expect(await rawPost(url, body, shouted)).toMatchObject({ status: 200 });
  });

  it.each([
    ['as it is', 'here', 'here'],
    ['encoded', 'där', encodeHeader('där')],
    ['encoded without need', 'here', encoded('here')],
  ])('takes an argument that those on the way are to see: %s', async (_how, place, header) => {
    const answer = await locate({ place }, header);
    expect(answer).toMatchObject({ status: 200, result: { structuredContent: { place } } });
  });

  it.each([
    ['is missing', { place: 'here' }, undefined],
    ['differs', { place: 'here' }, 'there'],
    ['is badly encoded', { place: 'here' }, '=?base64?%%%?='],
  ])('refuses a call where such a header %s', async (_how, args, header) => {
    const answer = await locate(args, header);
    expect(answer).toMatchObject({ status: 400, error: { code: -32020 } });
  });

  it('wants no such header for an argument that is not there', async () => {
    expect(await locate({ message: 'hello' }, undefined)).toMatchObject({ status: 200 });
    expect(await locate({ place: null }, undefined)).toMatchObject({ status: 200 });
  });
});
