import { describe, expect, it } from 'vitest';
import { RUNTIME_KEY, startControlPlane, TUNNEL_ID } from '../../support/openai-control-plane.ts';
import { answering, hang, openTunnel, sendJson, startEndpoint } from './support.ts';

const NOWHERE = 'http://127.0.0.1:1/mcp';
const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };

describe('an OpenAI tunnel', () => {
  it('is ready once the control plane has told its name and answered a poll', async () => {
    await using plane = await startControlPlane();
    const { ready, lines } = openTunnel(plane, { endpoint: NOWHERE });
    await ready;
    expect(plane.times('metadata')).toHaveLength(1);
    expect(plane.times('poll')).toHaveLength(1);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ tunnel: TUNNEL_ID, name: 'A tunnel' }]);
  });

  it.each([
    [400, 'Compare its id with https://platform.openai.com'],
    [401, 'Compare the runtime key with https://platform.openai.com'],
    [403, 'Give the owner of the runtime key the permissions Tunnels Read and Use'],
    [404, 'Compare its id with https://platform.openai.com'],
    [302, '302'],
  ])('that is refused with %i says what to do, and does not ask again', async (status, advice) => {
    await using plane = await startControlPlane();
    const body = { error: { message: 'It is not to be.', type: 'invalid_request_error', code: 'some_code' } };
    plane.script('metadata', { status, body, headers: { location: `${plane.baseUrl}/elsewhere` } });
    const tunnel = openTunnel(plane, { endpoint: NOWHERE });
    await expect(tunnel.ready).rejects.toMatchObject({ code: 'TUNNEL', message: expect.stringContaining(advice) });
    expect(await tunnel.closed).toMatch(
      `OpenAI does not serve the tunnel ${TUNNEL_ID}: ${status} some_code: It is not`,
    );
    expect(plane.times('metadata')).toHaveLength(1);
    expect(plane.times('poll')).toHaveLength(0);
  });

  it('is not ready when its key may see it but not use it', async () => {
    await using plane = await startControlPlane();
    plane.script('poll', { status: 403 });
    await expect(openTunnel(plane, { endpoint: NOWHERE }).ready).rejects.toThrow('permissions Tunnels Read and Use');
  });

  it('is refused with a wrong key, which is said nowhere', async () => {
    await using plane = await startControlPlane();
    const { closed, lines } = openTunnel(plane, { endpoint: NOWHERE, token: 'sk-wrong-key' });
    expect(await closed).toContain('401 tunnel_use_forbidden');
    expect([await closed, ...lines].join('\n')).not.toContain('sk-wrong-key');
  });

  it('is refused with a key that no header can hold', async () => {
    await using plane = await startControlPlane();
    const { closed } = openTunnel(plane, { endpoint: NOWHERE, token: 'sk-with\na-line' });
    expect(await closed).toMatch(/Invalid character in header content/);
  });

  it('waits for a control plane that is not there yet, and says so once', async () => {
    await using plane = await startControlPlane();
    await plane.down();
    const { ready, lines } = openTunnel(plane, { endpoint: NOWHERE });
    await expect.poll(() => lines.length).toBeGreaterThan(2);
    await plane.up();
    await ready;
    const levels = lines.map((line) => JSON.parse(line).level);
    expect(levels.filter((level) => level === 'warn')).toHaveLength(1);
    expect(levels.slice(-2)).toEqual(['info', 'info']);
  });

  it.each([
    ['503', { status: 503 }],
    ['500', { status: 500 }],
    ['429', { status: 429 }],
    ['a page of somebody in between', { status: 200, body: '<html>Log in first</html>' }],
    ['a connection that is cut', { status: 0 }],
  ])('polls again after %s', async (_, script) => {
    await using plane = await startControlPlane();
    const endpoint = await startEndpoint(answering());
    plane.script('poll', { status: 204 }, script, script);
    await openTunnel(plane, { endpoint: endpoint.url }).ready;
    expect((await plane.send(PING).answer).resp_json).toMatchObject({ id: 1, result: {} });
    expect(plane.times('poll').length).toBeGreaterThanOrEqual(4);
  });

  it.each(['1', new Date(Date.now() + 3_600_000).toUTCString()])(
    'waits as long as Retry-After says: %s',
    async (value) => {
      await using plane = await startControlPlane();
      plane.script('poll', { status: 204 }, { status: 429, headers: { 'retry-after': value } });
      const tunnel = openTunnel(plane, { endpoint: NOWHERE });
      await tunnel.ready;
      await plane.next('poll');
      const began = performance.now();
      if (value !== '1') return expect(await quiet(plane.next('poll'), 1000)).toBe(true);
      await plane.next('poll');
      expect(performance.now() - began).toBeGreaterThan(1000);
    },
  );

  it('leaves its polls open until there is something', async () => {
    await using plane = await startControlPlane();
    const endpoint = await startEndpoint(answering());
    await openTunnel(plane, { endpoint: endpoint.url }).ready;
    await plane.next('poll');
    expect(await quiet(plane.next('poll'), 1000)).toBe(true);
    const began = performance.now();
    await plane.send(PING).answer;
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it.each([
    ['does not wait', { status: 204 }],
    ['sends what nobody knows again and again', { status: 200, body: '{"commands": [{"command_type": "dance"}]}' }],
  ])('does not poll without a pause when the control plane %s', async (_, script) => {
    await using plane = await startControlPlane();
    plane.script('poll', ...Array.from({ length: 50 }, () => script));
    await openTunnel(plane, { endpoint: NOWHERE }).ready;
    await expect.poll(() => plane.times('poll').length).toBeGreaterThanOrEqual(3);
    const [first, , third] = plane.times('poll') as [number, number, number];
    expect(third - first).toBeGreaterThan(400);
  });

  it('gives up a poll that is never answered', { timeout: 20_000 }, async () => {
    await using plane = await startControlPlane();
    plane.script('poll', {});
    await openTunnel(plane, { endpoint: NOWHERE }).ready;
    expect(plane.times('poll').length).toBeGreaterThanOrEqual(2);
  });

  it('ends when its key is withdrawn', async () => {
    await using plane = await startControlPlane();
    const { ready, closed } = openTunnel(plane, { endpoint: NOWHERE });
    plane.script('poll', { status: 204 }, { status: 401 });
    await ready;
    expect(await closed).toContain('Compare the runtime key');
  });

  it('outlives a restart of the control plane', async () => {
    await using plane = await startControlPlane();
    const endpoint = await startEndpoint(answering({ a: 1 }));
    const tunnel = openTunnel(plane, { endpoint: endpoint.url });
    await tunnel.ready;
    await plane.down();
    await expect.poll(() => tunnel.lines.length).toBeGreaterThan(2);
    await plane.up();
    expect((await plane.send(PING).answer).resp_json).toMatchObject({ result: { a: 1 } });
  });

  it('delivers answers that became ready while the control plane was restarted', async () => {
    await using plane = await startControlPlane();
    let answer = () => {};
    const endpoint = await startEndpoint((received, response) => {
      answer = () => answering({ late: true })(received, response);
    });
    const tunnel = openTunnel(plane, { endpoint: endpoint.url });
    const pending = plane.send(PING);
    await endpoint.wait(1);
    await plane.down();
    answer();
    await expect.poll(() => tunnel.lines.length).toBeGreaterThan(2);
    await plane.up();
    expect((await pending.answer).resp_json).toMatchObject({ result: { late: true } });
  });

  it('skips what it does not know and goes on', async () => {
    await using plane = await startControlPlane();
    const endpoint = await startEndpoint(answering());
    const tunnel = openTunnel(plane, { endpoint: endpoint.url });
    const envelope = { request_id: 'req_x', shard_token: 'x', created_at: '2026-01-01T00:00:00Z' };
    plane.sendRaw({ ...envelope, command_type: 'oauth_discovery' });
    plane.sendRaw({ ...envelope, jsonrpc: PING });
    plane.sendRaw({ ...envelope, command_type: 'jsonrpc' });
    plane.sendRaw({ ...envelope, command_type: 'jsonrpc', jsonrpc: [PING] });
    plane.sendRaw({ command_type: 'jsonrpc', jsonrpc: PING });
    await plane.send(PING).answer;
    expect(endpoint.received).toHaveLength(1);
    const skipped = tunnel.lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'warn');
    expect(skipped.map(({ request, why }) => [request, why])).toEqual([
      ['req_x', 'its type is "oauth_discovery"'],
      ['req_x', 'its type is undefined'],
      ['req_x', 'it has no message'],
      ['req_x', 'it has no message'],
      ['', 'it has no request_id or no shard_token'],
    ]);
  });

  it('carries out many commands at once, but not any number of them', async () => {
    await using plane = await startControlPlane();
    const held: (() => void)[] = [];
    const endpoint = await startEndpoint((received, response) => held.push(() => answering()(received, response)));
    openTunnel(plane, { endpoint: endpoint.url });
    const all = Array.from({ length: 100 }, (_, id) => plane.send({ ...PING, id }));
    await endpoint.wait(64);
    expect(await quiet(endpoint.wait(65), 200)).toBe(true);
    for (let answered = 0; answered < all.length; answered += 1) {
      await endpoint.wait(answered + 1);
      held[answered]?.();
    }
    await Promise.all(all.map(({ answer }) => answer));
  });
});

describe('closing an OpenAI tunnel', () => {
  it('lets a command that is about to end come to its end', async () => {
    await using plane = await startControlPlane();
    let answer = () => {};
    const endpoint = await startEndpoint((received, response) => {
      answer = () => answering({ done: true })(received, response);
    });
    const tunnel = openTunnel(plane, { endpoint: endpoint.url });
    const pending = plane.send(PING);
    await endpoint.wait(1);
    const closed = tunnel.close();
    answer();
    await closed;
    expect((await pending.answer).resp_json).toMatchObject({ result: { done: true } });
  });

  it('cuts the others off within 2 s, and posts nothing for them', async () => {
    await using plane = await startControlPlane();
    const endpoint = await startEndpoint(hang);
    const tunnel = openTunnel(plane, { endpoint: endpoint.url });
    const pending = [plane.send(PING), plane.send({ ...PING, id: 2 }, { headers: { 'Mcp-Session-Id': ['s'] } })];
    await endpoint.wait(2);
    const began = performance.now();
    await Promise.all([tunnel.close(), tunnel.close()]);
    expect(performance.now() - began).toBeLessThan(2000);
    expect(await tunnel.closed).toBe('the tunnel was closed');
    expect(pending.map((each) => each.isAnswered())).toEqual([false, false]);
    expect((await endpoint.wait(3))[2]?.message).toMatchObject({
      method: 'notifications/cancelled',
      params: { requestId: 2 },
    });
  });

  it('does not wait for room when there is none', async () => {
    await using plane = await startControlPlane();
    const endpoint = await startEndpoint(hang);
    const tunnel = openTunnel(plane, { endpoint: endpoint.url });
    for (let id = 0; id < 100; id += 1) plane.send({ ...PING, id });
    await endpoint.wait(64);
    const began = performance.now();
    await tunnel.close();
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('ends an answer that nobody takes', async () => {
    await using plane = await startControlPlane();
    const endpoint = await startEndpoint(answering());
    const tunnel = openTunnel(plane, { endpoint: endpoint.url });
    await tunnel.ready;
    plane.script('response', {});
    const posted = plane.next('response');
    plane.send(PING);
    await posted;
    const began = performance.now();
    await tunnel.close();
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('is done by the signal too, and before it was ready', async () => {
    await using plane = await startControlPlane();
    await plane.down();
    const controller = new AbortController();
    const tunnel = openTunnel(plane, { endpoint: NOWHERE, signal: controller.signal });
    controller.abort();
    await expect(tunnel.ready).rejects.toMatchObject({ code: 'TUNNEL', message: 'the tunnel was closed' });
    expect(await tunnel.closed).toBe('the tunnel was closed');
    const late = openTunnel(plane, { endpoint: NOWHERE, signal: controller.signal });
    expect(await late.closed).toBe('the tunnel was closed');
  });

  it('leaves the key out of everything that was logged', async () => {
    await using plane = await startControlPlane();
    const endpoint = await startEndpoint((_, response) => sendJson(response, 500, '<html></html>'));
    const tunnel = openTunnel(plane, { endpoint: endpoint.url, endpointToken: 'endpoint-secret' });
    plane.script('response', { status: 503 }, { status: 400 });
    await plane.next('poll');
    plane.send(PING);
    await expect.poll(() => plane.times('response').length).toBe(2);
    await tunnel.close();
    expect(tunnel.lines.join('\n')).not.toMatch(`${RUNTIME_KEY}|endpoint-secret|shard-token`);
  });
});

/** Whether nothing comes of `event` for so many milliseconds. */
function quiet(event: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const limit = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), milliseconds));
  return Promise.race([event.then(() => false), limit]);
}
