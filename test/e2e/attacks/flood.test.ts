import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RawAnswer } from '../../support/http.ts';
import { register, sendForm } from '../../support/oauth/endpoints.ts';
import { linkByHand } from '../../support/oauth/owner.ts';
import {
  ask,
  type Bystander,
  head,
  linkBystander,
  postConsent,
  registerClient,
  startTarget,
  type Target,
  transactionOf,
  use,
  wrongCode,
} from './attacker.ts';

/** A client that waits this long for its refresh and two calls gives up. Milliseconds. */
const PATIENCE = 10_000;
/** Requests of a flood that are under way at once. */
const AT_ONCE = 50;

let bridge: Target;
let owner: Bystander;

beforeAll(async () => {
  bridge = await startTarget();
  owner = await linkBystander(bridge);
});
afterAll(() => bridge[Symbol.asyncDispose]());
/** After the flood, the owner opens a new window and links another client. */
afterEach(async () => {
  const { tokens } = await linkByHand({ bridge });
  expect(await use(bridge, tokens.access_token)).toBe(200);
  expect(bridge.stderr()).not.toContain('internal error');
});

/** Resolves with what the flood came to; the owner's client refreshes and calls all the while. */
async function during<T>(flood: Promise<T>): Promise<T> {
  let isOver = false;
  const ended = flood.finally(() => {
    isOver = true;
  });
  for (let rounds = 0; rounds < 2 || !isOver; rounds += 1) {
    const began = performance.now();
    await owner.expectService();
    expect(performance.now() - began).toBeLessThan(PATIENCE);
  }
  return ended;
}

/** Sends so many requests, a part of them at once. Resolves with how often each status came. */
async function pour(count: number, send: (index: number) => Promise<RawAnswer>): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const { status } = await send(next++);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return statuses;
}

describe('a linked client is served', () => {
  it('during a flood of wrong codes', async () => {
    const code = await bridge.pair();
    const clientId = await registerClient(bridge);
    const transaction = async () => transactionOf(await ask(bridge, { client_id: clientId }));
    const transactions = await Promise.all(Array.from({ length: 20 }, transaction));
    const flood = pour(300, (index) =>
      postConsent(bridge, { transaction: transactions[index % 20], code: wrongCode(code), decision: 'allow' }),
    );
    expect(await during(flood)).toEqual({ 403: 300 });
  });

  it('during a flood of registrations, of which 20 are taken', async () => {
    await bridge.pair();
    const flood = pour(200, () => register(bridge));
    expect(await during(flood)).toEqual({ 201: 20, 503: 180 });
    expect((await register(bridge)).status).toBe(503);
  });

  it('during a flood of registrations while nobody is let in', async () => {
    await linkByHand({ bridge });
    expect(await during(pour(200, () => register(bridge)))).toEqual({ 403: 200 });
  });

  it('during a flood of made-up tokens and codes', async () => {
    const secret = 'A'.repeat(43);
    const junk = [
      { grant_type: 'refresh_token', refresh_token: `mcpb_refresh_${secret}${secret}`, client_id: owner.link.clientId },
      { grant_type: 'refresh_token', refresh_token: 'junk', client_id: 'junk' },
      { grant_type: 'authorization_code', code: secret, client_id: owner.link.clientId, code_verifier: secret },
      { grant_type: 'junk' },
      {},
    ];
    const flood = pour(1000, (index) =>
      sendForm(bridge.send, 'POST', `${bridge.issuer}/token`, junk[index % junk.length] ?? {}),
    );
    expect(await during(flood)).toEqual({ 400: 800, 401: 200 });
  });

  it('during a flood of made-up tokens at /revoke and at MCP', async () => {
    const revoking = pour(300, () => sendForm(bridge.send, 'POST', `${bridge.issuer}/revoke`, { token: 'junk' }));
    const calling = pour(300, () => bridge.send('POST', bridge.resource, { authorization: 'Bearer junk' }, {}));
    expect(await during(Promise.all([revoking, calling]))).toEqual([{ 200: 300 }, { 401: 300 }]);
  });

  it('while a hundred bodies are never sent to their end', async () => {
    const form = 'Content-Type: application/x-www-form-urlencoded';
    const beginnings = ['/token', '/authorize', '/register', '/revoke', '/mcp'].map(
      (path) =>
        `${head(bridge, 'POST', path, form, 'Content-Length: 16000').replace('close', 'keep-alive')}grant_type=`,
    );
    const sockets = await Promise.all(
      Array.from({ length: 100 }, (_, index) => opened(beginnings[index % 5] as string)),
    );
    await during(Promise.resolve());
    for (const socket of sockets) socket.destroy();
  });
});

async function opened(beginning: string): Promise<Socket> {
  const { hostname, port } = new URL(bridge.origin);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {}); // Being hung up on is to be expected.
  await once(socket, 'connect');
  socket.write(beginning);
  return socket;
}
