import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkHeaders, checkParamHeaders } from '../../../src/downstream/stateless/request-headers.ts';
import type { MessageError } from '../../../src/protocol/message.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';
import { encodeHeader } from '../../support/stateless-request.ts';
import { enveloped } from '../support.ts';

const VERSION = { 'mcp-protocol-version': '2026-07-28' };

/** What is wrong with a request; `undefined` when it is served. */
function problemOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    const { code, id, message } = error as MessageError;
    expect([code, id]).toEqual([-32020, '"an id"']);
    return message.replace('Header mismatch: ', '');
  }
}

const requestWith = (headers: IncomingHttpHeaders) => ({ headers }) as IncomingMessage;
const request = (method: string, params: object) => enveloped(method, params, { id: '"an id"' });

describe('the headers of a request', () => {
  const check = (headers: IncomingHttpHeaders, method = 'tools/call', params: object = { name: 'echo' }) =>
    problemOf(() =>
      checkHeaders(requestWith({ ...VERSION, 'mcp-method': method, ...headers }), request(method, params)),
    );

  it.each<[string, object, string]>([
    ['tools/call', { name: 'echo' }, 'echo'],
    ['prompts/get', { name: 'a b' }, 'a b'],
    ['resources/read', { uri: 'file:///日' }, encodeHeader('file:///日')],
    ['tasks/get', { taskId: '7' }, '7'],
    ['tasks/update', { taskId: '7' }, '7'],
    ['tasks/cancel', { taskId: '7' }, '7'],
  ])('repeat what %s names', (method, params, name) => {
    expect(check({ 'mcp-name': name }, method, params)).toBeUndefined();
    expect(check({}, method, params)).toBe('Mcp-Name is missing');
    expect(check({ 'mcp-name': 'other' }, method, params)).toMatch(/^Mcp-Name says "other", and the body ".+"$/);
  });

  it.each<[string, object]>([
    ['tools/list', {}],
    ['completion/complete', { name: 'a', uri: 'b' }],
    ['x-vendor/method', { name: 'a' }],
    ['constructor', { name: 'a' }],
    // It is refused for what it lacks.
    ['tools/call', {}],
    ['tools/call', { name: 7 }],
  ])('repeat no name where there is none to repeat: %s %j', (method, params) => {
    expect(check({}, method, params)).toBeUndefined();
  });

  it.each<[IncomingHttpHeaders, string]>([
    [{ 'mcp-protocol-version': undefined }, 'MCP-Protocol-Version is missing'],
    [{ 'mcp-protocol-version': '2025-11-25' }, 'MCP-Protocol-Version says "2025-11-25", and the body "2026-07-28"'],
    [{ 'mcp-method': undefined }, 'Mcp-Method is missing'],
    [{ 'mcp-method': '' }, 'Mcp-Method says "", and the body "tools/call"'],
    [{ 'mcp-method': 'Tools/Call' }, 'Mcp-Method says "Tools/Call", and the body "tools/call"'],
    [
      { 'mcp-method': '=?base64?dG9vbHMvY2FsbA==?=' },
      'Mcp-Method says "=?base64?dG9vbHMvY2FsbA==?=", and the body "tools/call"',
    ],
    [{ 'mcp-name': 'Echo' }, 'Mcp-Name says "Echo", and the body "echo"'],
    [{ 'mcp-name': '' }, 'Mcp-Name says "", and the body "echo"'],
    [{ 'mcp-name': 'echo, echo' }, 'Mcp-Name says "echo, echo", and the body "echo"'],
  ])('that say %j are refused', (headers, problem) => {
    expect(check({ 'mcp-name': 'echo', ...headers })).toBe(problem);
  });

  it('need not say the revision where the body does not say it either: that is refused for itself', () => {
    const bare = { ...request('tools/list', {}), frame: RawJson.parse('{"method":"tools/list"}') };
    expect(problemOf(() => checkHeaders(requestWith({ 'mcp-method': 'tools/list' }), bare))).toBeUndefined();
  });
});

describe('the value of a header', () => {
  const check = (name: string, value: string) =>
    problemOf(() =>
      checkHeaders(
        requestWith({ ...VERSION, 'mcp-method': 'tools/call', 'mcp-name': value }),
        request('tools/call', { name }),
      ),
    );

  it('is taken however a client has to write it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(check(name, encodeHeader(name))).toBeUndefined();
        expect(check(`${name}x`, encodeHeader(name))).toContain('Mcp-Name says');
      }),
    );
  });

  it.each([
    ['Hello', '=?base64?SGVsbG8=?=', true],
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?=', true],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=', true],
    ['', '=?base64??=', true],
    // Only the markers as they are make it one.
    ['SGVsbG8=', 'SGVsbG8=', true],
    ['=?base64?SGVsbG8=', '=?base64?SGVsbG8=', true],
    ['=?BASE64?SGVsbG8=?=', '=?BASE64?SGVsbG8=?=', true],
    ['Hello', '=?BASE64?SGVsbG8=?=', false],
    ['Hello', 'SGVsbG8=', false],
  ])('of %j may be %j: %s', (name, value, isTaken) => {
    expect(check(name, value) === undefined).toBe(isTaken);
  });

  it.each([
    '=?base64?SGVsbG8?=',
    '=?base64?SGVs!!!bG8=?=',
    '=?base64?SGVsbG8==?=',
    '=?base64?SGVsbG9=?=',
    '=?base64?=?=',
  ])('is refused when it is no Base64: %j', (value) => {
    expect(check('Hello', value)).toBe('Mcp-Name is no Base64');
  });

  it.each(['é', 'a\u0000', 'a\u007f'])('is refused when it should have been encoded: %j', (value) => {
    expect(check(value, value)).toBe('Mcp-Name holds characters that have to be encoded');
  });
});

describe('the headers that repeat arguments', () => {
  const TOOL = {
    name: 'query',
    inputSchema: {
      type: 'object',
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        limit: { type: 'integer', 'x-mcp-header': 'Limit' },
        deep: { type: 'object', properties: { flag: { type: 'boolean', 'x-mcp-header': 'Flag' } } },
        other: { type: 'string' },
      },
    },
  };
  const check = (args: object | undefined, headers: IncomingHttpHeaders, tool: object = TOOL) =>
    problemOf(() =>
      checkParamHeaders(
        requestWith({ ...VERSION, ...headers }),
        request('tools/call', { name: 'query', arguments: args }),
        RawJson.of(tool),
      ),
    );

  it.each<[string, object | undefined, IncomingHttpHeaders]>([
    ['a text', { region: 'us west' }, { 'mcp-param-region': 'us west' }],
    ['a text that is empty', { region: '' }, { 'mcp-param-region': '' }],
    ['a text that has to be encoded', { region: ' é' }, { 'mcp-param-region': encodeHeader(' é') }],
    ['a text of digits', { region: '42' }, { 'mcp-param-region': '42' }],
    ['a number', { limit: -7 }, { 'mcp-param-limit': '-7' }],
    ['a number that is written otherwise', { limit: 42 }, { 'mcp-param-limit': '42.0' }],
    ['a boolean inside an object', { deep: { flag: false } }, { 'mcp-param-flag': 'false' }],
    [
      'all of them',
      { region: 'a', limit: 1, deep: { flag: true } },
      { 'mcp-param-region': 'a', 'mcp-param-limit': '1', 'mcp-param-flag': 'true' },
    ],
    ['no argument that is not there', {}, {}],
    ['no argument that is null', { region: null, limit: null, deep: null }, {}],
    ['no argument where there are none', undefined, {}],
    ['no argument that is not to be repeated', { other: 'a' }, { 'mcp-param-other': 'b', 'mcp-param-unknown': 'é' }],
  ])('repeat %s', (_, args, headers) => {
    expect(check(args, headers)).toBeUndefined();
  });

  it.each<[object, IncomingHttpHeaders, string]>([
    [{ region: 'a' }, {}, 'Mcp-Param-Region is missing'],
    [{ region: 'a' }, { 'mcp-param-region': 'A' }, 'Mcp-Param-Region says "A", and the argument is "a"'],
    [{ region: '42' }, { 'mcp-param-region': '42.0' }, 'Mcp-Param-Region says "42.0", and the argument is "42"'],
    [{ limit: 42 }, { 'mcp-param-limit': '43' }, 'Mcp-Param-Limit says "43", and the argument is 42'],
    [{ limit: 0 }, { 'mcp-param-limit': '' }, 'Mcp-Param-Limit says "", and the argument is 0'],
    [{ limit: 0 }, { 'mcp-param-limit': ' ' }, 'Mcp-Param-Limit says " ", and the argument is 0'],
    [{ limit: 42 }, { 'mcp-param-limit': '0x2a' }, 'Mcp-Param-Limit says "0x2a", and the argument is 42'],
    [{ deep: { flag: true } }, { 'mcp-param-flag': 'True' }, 'Mcp-Param-Flag says "True", and the argument is true'],
    [{ deep: { flag: true } }, {}, 'Mcp-Param-Flag is missing'],
    [{ region: ['a'] }, { 'mcp-param-region': 'a' }, 'Mcp-Param-Region says "a", and the argument is ["a"]'],
    [{}, { 'mcp-param-region': 'a' }, 'Mcp-Param-Region repeats an argument that is not there'],
    [{ region: null }, { 'mcp-param-region': 'null' }, 'Mcp-Param-Region repeats an argument that is not there'],
    [{ region: 'a' }, { 'mcp-param-region': 'é' }, 'Mcp-Param-Region holds characters that have to be encoded'],
    [{ region: 'a' }, { 'mcp-param-region': '=?base64?YQ?=' }, 'Mcp-Param-Region is no Base64'],
  ])('are refused: %j with %j', (args, headers, problem) => {
    expect(check(args, headers)).toBe(problem);
  });

  it.each([
    ['{"region":"eu","region":"us"}', { 'mcp-param-region': 'us' }, 'Mcp-Param-Region', 'region'],
    ['{"region":"eu","region":"us"}', { 'mcp-param-region': 'eu' }, 'Mcp-Param-Region', 'region'],
    ['{"region":"eu","\\u0072egion":"eu"}', { 'mcp-param-region': 'eu' }, 'Mcp-Param-Region', 'region'],
    ['{"region":"eu","region":null}', {}, 'Mcp-Param-Region', 'region'],
    ['{"deep":{"flag":true,"flag":false}}', { 'mcp-param-flag': 'false' }, 'Mcp-Param-Flag', 'flag'],
  ])('are refused where an argument is there twice, and readers may differ: %s with %j', (args, headers, name, key) => {
    expect(check(RawJson.verbatim(args), headers)).toBe(
      `the argument that ${name} repeats is not clear, as "${key}" is there twice`,
    );
  });

  it('are refused where what holds an argument is there twice', () => {
    const args = RawJson.verbatim('{"deep":{"flag":true},"deep":{}}');
    for (const headers of [{}, { 'mcp-param-flag': 'true' }]) {
      expect(check(args, headers)).toMatch(
        /^the argument that Mcp-Param-\w+ repeats is not clear, as "deep" is there twice$/,
      );
    }
  });

  it.each([
    ['{"region":"eu","other":{"a":1,"a":2}}', { 'mcp-param-region': 'eu' }],
    ['{"region":"eu","other":[{"region":1,"region":2}]}', { 'mcp-param-region': 'eu' }],
    ['{"deep":{"flag":true,"other":{"flag":1,"flag":2}}}', { 'mcp-param-flag': 'true' }],
  ])('are of no less use for what is there twice elsewhere: %s', (args, headers) => {
    expect(check(RawJson.verbatim(args), headers)).toBeUndefined();
  });

  it.each([
    ['behind a list', { items: { type: 'array', items: { type: 'string', 'x-mcp-header': 'Region' } } }],
    ['behind a condition', { region: { oneOf: [{ type: 'string', 'x-mcp-header': 'Region' }] } }],
    ['with a name that is none', { region: { type: 'string', 'x-mcp-header': 'Re gion' } }],
    ['with an empty name', { region: { type: 'string', 'x-mcp-header': '' } }],
    ['with a name that is no text', { region: { type: 'string', 'x-mcp-header': true } }],
    ['as a property of that name', { 'x-mcp-header': { type: 'string' } }],
  ])('are not asked for where a schema marks nothing that could be one: %s', (_, properties) => {
    expect(
      check({ region: 'a', items: ['a'], 'x-mcp-header': 'a' }, {}, { inputSchema: { properties } }),
    ).toBeUndefined();
  });

  it('are not asked for by a tool without a schema', () => {
    for (const tool of [{}, { inputSchema: null }, { inputSchema: { properties: ['x-mcp-header'] } }])
      expect(check({ region: 'a' }, {}, tool)).toBeUndefined();
  });
});
