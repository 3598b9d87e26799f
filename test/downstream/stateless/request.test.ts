import { describe, expect, it } from 'vitest';
import { isStateless, openEnvelope } from '../../../src/downstream/stateless/request.ts';
import { type Message, type MessageError, parseMessages, type Request } from '../../../src/protocol/message.ts';
import { ANYONE } from '../../../src/protocol/principal.ts';
import { MCP } from '../../support/stateless-request.ts';

const message = <T extends Message>(text: string) => parseMessages(text, 'client') as T;
const VERSION = `"${MCP}protocolVersion":"2026-07-28"`;
const CAPABILITIES = `"${MCP}clientCapabilities":{"roots":{"x":1.0}}`;
const request = (...meta: string[]) =>
  message<Request>(`{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"x":1.0,"_meta":{${meta.join(',')}}}}`);

describe('a message of this revision', () => {
  it.each([
    [
      true,
      '{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2099"}}}',
    ],
    [true, '{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":null}}}'],
    [
      true,
      '{"jsonrpc":"2.0","method":"a","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}',
    ],
    [false, '{"jsonrpc":"2.0","id":1,"method":"server/discover"}'],
    [false, '{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"protocolVersion":"2026-07-28"}}}'],
    [false, '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2026-07-28"}}'],
    [false, '{"jsonrpc":"2.0","id":1,"result":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}'],
    [
      false,
      '{"jsonrpc":"2.0","id":1,"result":{},"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}',
    ],
  ])('says so (%s): %s', (expected, text) => {
    expect(isStateless(message(text))).toBe(expected);
  });
});

describe('the envelope of a request', () => {
  it('is taken off, and what else is in _meta stays', () => {
    const info = `"${MCP}clientInfo":{"name":"n","x":1.0}`;
    const level = `"${MCP}logLevel":"notice"`;
    const { envelope, frame, id, method } = openEnvelope(
      request(VERSION, '"progressToken":1.0', CAPABILITIES, info, level, '"traceparent":"t"'),
      ANYONE,
    );
    expect([id, method]).toEqual(['"a"', 'tools/list']);
    expect(frame.raw('params')?.text).toBe('{"x":1.0,"_meta":{"progressToken":1.0,"traceparent":"t"}}');
    expect([envelope.capabilities.text, envelope.info?.text, envelope.logLevel]).toEqual([
      '{"roots":{"x":1.0}}',
      '{"name":"n","x":1.0}',
      'notice',
    ]);
  });

  it('may say neither who the client is nor what it wants logged', () => {
    const { envelope, frame } = openEnvelope(request(VERSION, CAPABILITIES), ANYONE);
    expect([envelope.info, envelope.logLevel, frame.raw('params')?.text]).toEqual([undefined, undefined, '{"x":1.0}']);
  });

  it.each([
    ['no version', [CAPABILITIES], -32602, `Invalid params: _meta["${MCP}protocolVersion"] is missing`],
    [
      'a version that is no text',
      [`"${MCP}protocolVersion":1`, CAPABILITIES],
      -32602,
      `Invalid params: _meta["${MCP}protocolVersion"] is missing`,
    ],
    ['no capabilities', [VERSION], -32602, `Invalid params: _meta["${MCP}clientCapabilities"] is missing`],
    [
      'capabilities in a list',
      [VERSION, `"${MCP}clientCapabilities":[]`],
      -32602,
      `Invalid params: _meta["${MCP}clientCapabilities"] is missing`,
    ],
    [
      'a level that nobody knows',
      [VERSION, CAPABILITIES, `"${MCP}logLevel":"loud"`],
      -32602,
      'Invalid params: there is no log level "loud"',
    ],
    [
      'another version, whatever else it lacks',
      [`"${MCP}protocolVersion":"2099-01-01"`],
      -32022,
      'Unsupported protocol version: 2099-01-01',
    ],
    [
      'a version of the other era',
      [`"${MCP}protocolVersion":"2025-11-25"`, CAPABILITIES],
      -32022,
      'Unsupported protocol version: 2025-11-25',
    ],
  ])('is refused with %s', (_, meta, code, text) => {
    expect(() => openEnvelope(request(...meta), ANYONE)).toThrow(
      expect.objectContaining({ code, message: text, id: '"a"' }),
    );
  });

  it('is refused where there is none', () => {
    for (const text of ['{"jsonrpc":"2.0","id":1,"method":"a"}', '{"jsonrpc":"2.0","id":1,"method":"a","params":{}}'])
      expect(() => openEnvelope(message<Request>(text), ANYONE)).toThrow(
        expect.objectContaining({ code: -32602, id: '1' }),
      );
  });

  it('that asks for a revision that is not served is told which are', () => {
    let refusal: MessageError | undefined;
    try {
      openEnvelope(request(`"${MCP}protocolVersion":"2099-01-01"`), ANYONE);
    } catch (error) {
      refusal = error as MessageError;
    }
    expect(refusal?.data).toEqual({
      supported: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
      requested: '2099-01-01',
    });
  });
});
