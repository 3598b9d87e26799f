import { describe, expect, it } from 'vitest';
import { startControlPlane } from '../../support/openai-control-plane.ts';
import { toMessage } from '../../support/stateless-request.ts';
import { type Answers, answering, openTunnel, progress, sendEvents, sendJson, setUp } from './support.ts';

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const NOTIFICATION = { jsonrpc: '2.0', method: 'notifications/initialized' };
const RESULT = { jsonrpc: '2.0', id: 1, result: {} };

describe('a request through the tunnel', () => {
  it('brings the headers of the protocol along, and none that are not meant for the endpoint', async () => {
    await using test = await setUp(answering(), { endpointToken: 'of-the-endpoint' });
    const headers = {
      'Mcp-Session-Id': ['session'],
      'MCP-PROTOCOL-VERSION': ['2025-11-25'],
      'mcp-param-region': ['eu', 'us'],
      'Mcp-Broken': ['a\r\nb', 'ü'],
      Authorization: ['Bearer of-the-client'],
      Origin: ['https://chatgpt.com'],
      Host: ['api.openai.com'],
      Cookie: ['a=b'],
      Connection: ['close'],
      'Content-Length': ['3'],
      'X-Forwarded-For': ['203.0.113.7'],
    };
    await test.plane.send(PING, { headers }).answer;
    const [{ method, headers: came, text }] = (await test.endpoint.wait(1)) as [never];
    expect(method).toBe('POST');
    expect(came).toEqual({
      accept: 'application/json, text/event-stream',
      authorization: 'Bearer of-the-endpoint',
      connection: 'keep-alive',
      'content-length': String(Buffer.byteLength(text)),
      'content-type': 'application/json',
      host: new URL(test.endpoint.url).host,
      'mcp-session-id': 'session',
      'mcp-protocol-version': '2025-11-25',
      'mcp-param-region': 'eu, us',
    });
  });

  it.each(['constructor', '__proto__'])('is answered though its client has sent a header named %s', async (name) => {
    await using test = await setUp(answering());
    const headers = Object.fromEntries([[name, ['x']]]);
    expect((await test.plane.send(PING, { headers }).answer).resp_json).toMatchObject({ id: 1, result: {} });
  });

  it('of 2026-07-28 gets the headers that repeat it, where its client sent none', async () => {
    await using test = await setUp(answering());
    const { body, headers } = toMessage('tools/call', { name: 'größer' }, {});
    await test.plane.send(body).answer;
    await test.plane.send(body, { headers: { 'Mcp-Method': ['something/else'] } }).answer;
    const [derived, given] = (await test.endpoint.wait(2)).map((received) => received.headers) as [never, never];
    expect(derived).toMatchObject(headers);
    expect(given).toMatchObject({ ...headers, 'mcp-method': 'something/else' });
  });

  it('asks for what its client can read', async () => {
    await using test = await setUp(answering());
    await test.plane.send(PING, { headers: { Accept: ['application/json'] } }).answer;
    expect(test.endpoint.received[0]?.headers.accept).toBe('application/json');
  });

  it('and its answer keep every byte', async () => {
    const payload = String.raw`{"n":1.0,"big":12345678901234567890,"é":"\u00e9😀\u2028","raw":"${'\u2028'}", "z":1,"a":2}`;
    await using test = await setUp(({ text, message }, response) => {
      const answer = text.replace(/"method":"ping","params"/, '"result"');
      if (message.id === 1) sendJson(response, 200, answer);
      else sendEvents(response, answer).end();
    });
    for (const id of [1, 2]) {
      const { text } = await test.plane.send(`{"jsonrpc":"2.0","id":${id},"method":"ping","params":${payload}}`).answer;
      expect(text).toContain(`"resp_json":{"jsonrpc":"2.0","id":${id},"result":${payload}}`);
    }
  });

  it('gets the headers of the answer that are the protocol’s, with all their values', async () => {
    await using test = await setUp((_, response) => {
      response.setHeader('Mcp-Session-Id', ['one', 'two']);
      response.setHeader('WWW-Authenticate', 'Bearer resource_metadata="http://127.0.0.1/"');
      response.setHeader('Set-Cookie', 'a=b');
      sendJson(response, 200, RESULT);
    });
    const { resp_headers } = await test.plane.send(PING).answer;
    expect(resp_headers).toEqual({ 'Content-Type': ['application/json'], 'Mcp-Session-Id': ['one', 'two'] });
  });

  it('gets what is said ahead of its answer, in order, and nothing that is no message', async () => {
    await using test = await setUp((_, response) => {
      sendEvents(response, '', progress(1));
      response.write(':\n\nretry: 1000\nid: 1\ndata:\n\n');
      const bytes = Buffer.from(`data:${JSON.stringify(RESULT)}\r\n\r\n`.replace('{}', '{"text":"größer"}'));
      for (let step = 2; step <= 20; step += 1) sendEvents(response, progress(step));
      response.write(bytes.subarray(0, -15));
      setImmediate(() => response.end(bytes.subarray(-15)));
    });
    const pending = test.plane.send(PING);
    expect((await pending.answer).resp_json?.result).toEqual({ text: 'größer' });
    const steps = pending.inbox.notifications.map(({ params }) => params?.progress);
    expect(steps).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it('gets notifications while its answer is still to come', async () => {
    let finish = () => {};
    await using test = await setUp((_, response) => {
      sendEvents(response, progress(1));
      finish = () => sendEvents(response, RESULT).end();
    });
    const pending = test.plane.send(PING);
    await pending.inbox.wait('notifications/progress');
    finish();
    await pending.answer;
  });

  it('gets the error that the endpoint answers with, and its status, under its own id', async () => {
    const error = { code: -32021, message: 'Not without a form', data: { requiredCapabilities: { elicitation: {} } } };
    await using test = await setUp(({ message }, response) =>
      sendJson(response, 400, { jsonrpc: '2.0', id: message.id === 1 ? 1 : null, error }),
    );
    for (const id of [1, 'two']) {
      const { resp_code, resp_json } = await test.plane.send({ ...PING, id }).answer;
      expect({ resp_code, resp_json }).toEqual({ resp_code: 400, resp_json: { jsonrpc: '2.0', id, error } });
    }
  });

  const html: Answers = (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
  it.each<[string, Answers, number, object]>([
    ['a page', html, 502, { source: 'protocol', upstream_response_received: true }],
    [
      'a status without a message',
      (_, response) => void response.writeHead(503).end('busy'),
      503,
      { source: 'target_http', upstream_response_received: true, upstream_status: 503 },
    ],
    ['nothing', (_, response) => void response.writeHead(202).end(), 502, { source: 'protocol' }],
    [
      'broken JSON',
      (_, response) => sendJson(response, 200, '{"jsonrpc":'),
      502,
      { source: 'protocol', transport_error_kind: 'malformed_json' },
    ],
    ['a stream without an answer', (_, response) => void sendEvents(response, '').end(), 502, { source: 'protocol' }],
    [
      'a stream that is cut',
      (_, response) => void sendEvents(response, progress(1)).write('data: {', () => response.destroy()),
      502,
      { source: 'protocol', transport_error_kind: 'unexpected_eof' },
    ],
    [
      'a connection that is cut',
      (_, response) => void response.destroy(),
      502,
      { source: 'transport_closed', transport_error_kind: 'connection_reset', upstream_response_received: false },
    ],
  ])('that is answered with %s gets an error that says so', async (_, answers, status, failure) => {
    await using test = await setUp(answers);
    const { resp_code, resp_json } = await test.plane.send(PING).answer;
    expect(resp_code).toBe(status);
    expect(resp_json).toMatchObject({ id: 1, error: { code: -32603, data: { tunnel_failure: failure } } });
  });

  it('gets an error when nobody is at the endpoint', async () => {
    await using plane = await startControlPlane();
    openTunnel(plane, { endpoint: 'http://127.0.0.1:1/mcp' });
    const { resp_json } = await plane.send(PING).answer;
    const failure = {
      source: 'connect',
      transport_error_kind: 'connection_refused',
      upstream_response_received: false,
    };
    expect(resp_json?.error?.data).toMatchObject({ tunnel_failure: failure });
    expect(await plane.send(NOTIFICATION).answer).toMatchObject({ resp_type: 'notify_ack', resp_code: 502 });
    expect(await plane.terminate('s').answer).toMatchObject({ resp_code: 502 });
  });

  it('goes on when the server asks its client something, which is declined in its session', async () => {
    await using test = await setUp(({ message }, response) => {
      if (message.method === undefined) return void response.writeHead(202).end();
      sendEvents(response, { jsonrpc: '2.0', id: 'q', method: 'roots/list' });
      setImmediate(() => sendEvents(response, RESULT).end());
    });
    const pending = test.plane.send(PING, { headers: { 'Mcp-Session-Id': ['s'] } });
    expect((await pending.answer).resp_json).toEqual(RESULT);
    expect(pending.inbox.notifications).toEqual([]);
    const [, declined] = await test.endpoint.wait(2);
    expect(declined).toMatchObject({
      headers: { 'mcp-session-id': 's' },
      message: { id: 'q', error: { code: -32601 } },
    });
  });
});

describe('what has no answer', () => {
  const accept: Answers = (_, response) => void response.writeHead(202).end();
  it.each([
    ['a notification', NOTIFICATION],
    ['an answer of the client', { jsonrpc: '2.0', id: 1, result: {} }],
  ])('is acknowledged once the endpoint has it: %s', async (_, message) => {
    await using test = await setUp(accept);
    const answer = await test.plane.send(message).answer;
    expect(answer).toMatchObject({ resp_type: 'notify_ack', resp_code: 202 });
    expect(test.endpoint.received).toMatchObject([{ message }]);
  });

  it('ends the session that it names', async () => {
    await using test = await setUp((_, response) => void response.writeHead(204).end(), { endpointToken: 'token' });
    const answer = await test.plane.terminate('session').answer;
    expect(answer).toMatchObject({ resp_type: 'session_termination_response', resp_code: 204 });
    const headers = { 'mcp-session-id': 'session', authorization: 'Bearer token' };
    expect(test.endpoint.received).toMatchObject([{ method: 'DELETE', headers }]);
  });
});

describe('a command for another channel', () => {
  it('is refused, and never gets to the endpoint', async () => {
    await using test = await setUp(answering());
    const options = { channel: 'harpoon' };
    const answers = await Promise.all([
      test.plane.send(PING, options).answer,
      test.plane.send(NOTIFICATION, options).answer,
      test.plane.send({ jsonrpc: '2.0', id: 1, result: {} }, options).answer,
      test.plane.terminate('s', options).answer,
    ]);
    expect(answers.map(({ resp_code }) => resp_code)).toEqual([400, 400, 400, 400]);
    expect((await test.plane.send(PING, { channel: 'main' }).answer).resp_code).toBe(200);
    expect(test.endpoint.received).toHaveLength(1);
  });
});

describe('a command that expires', () => {
  it.each(['0s', '0ns', '1us'])('before it is begun is dropped: %s', async (responseTimeout) => {
    await using test = await setUp(answering());
    // There is a connection to the endpoint by then, so that nothing else could keep it from getting there.
    await test.plane.send(PING).answer;
    const late = test.plane.send({ ...PING, id: 2 }, { responseTimeout });
    await test.plane.send({ ...PING, id: 3 }).answer;
    expect(late.isAnswered()).toBe(false);
    expect(test.endpoint.received.map(({ message }) => message.id)).toEqual([1, 3]);
  });

  it('while it waits for its answer is given up, whatever has been said meanwhile', async () => {
    const interval: NodeJS.Timeout[] = [];
    await using test = await setUp((_, response) => {
      interval.push(setInterval(() => sendEvents(response, progress(1)), 50));
    });
    const began = performance.now();
    const late = test.plane.send(PING, { responseTimeout: '600ms' });
    await (await test.endpoint.wait(1))[0]?.closed;
    clearInterval(interval[0]);
    expect(performance.now() - began).toBeGreaterThan(590);
    expect(late.isAnswered()).toBe(false);
    expect(late.inbox.notifications.length).toBeGreaterThan(0);
  });

  it.each([
    ['is cancelled in its session', PING, { 'Mcp-Session-Id': ['s'] }, true],
    ['is only cut off outside of sessions', PING, {}, false],
    ['is only cut off in 2026-07-28', toMessage('ping', {}, {}).body, { 'Mcp-Session-Id': ['s'] }, false],
    [
      'cannot be cancelled when it is initialize',
      { ...PING, method: 'initialize' },
      { 'Mcp-Session-Id': ['s'] },
      false,
    ],
  ])('%s', async (_, message, headers: Record<string, string[]>, isCancelled) => {
    await using test = await setUp(({ message: { method } }, response) => {
      if (method?.startsWith('notifications/')) response.writeHead(202).end();
    });
    test.plane.send(message, { headers, responseTimeout: '500ms' });
    await (await test.endpoint.wait(1))[0]?.closed;
    await test.plane.send(NOTIFICATION).answer;
    const methods = test.endpoint.received.map((received) => received.message.method);
    expect(methods.includes('notifications/cancelled')).toBe(isCancelled);
  });

  it.each([
    '5',
    '1.5s',
    '-1s',
    '+1s',
    ' 1s',
    '1s ',
    '1e3s',
    '1m30s',
    '1d',
    5,
    null,
    true,
    '',
    '9999999999999999999999h',
  ])('is none when the time is not to be understood: %j', async (responseTimeout) => {
    await using test = await setUp(answering());
    await test.plane.send(PING, { responseTimeout }).answer;
  });

  it('while its answer is being posted is not posted again', async () => {
    await using test = await setUp(answering());
    test.plane.script('response', { status: 503, headers: { 'retry-after': '5' } });
    test.plane.send(PING, { responseTimeout: '1s' });
    await expect.poll(() => test.tunnel.lines.join()).toContain('a command was not answered');
    await test.plane.send({ ...PING, id: 2 }).answer;
    expect(test.plane.times('response')).toHaveLength(2);
  });
});
