import { describe, expect, it } from 'vitest';
import { RESOURCE, startServer, type TestServer } from './support.ts';

async function linkedClient(): Promise<{ test: TestServer; id: string; access: string; refresh: string }> {
  const test = await startServer();
  const id = await test.clientId();
  const { access_token: access, refresh_token: refresh } = JSON.parse(
    (await test.redeem(await test.code(id), id)).body,
  );
  return { test, id, access, refresh };
}

describe('a token that a client gives back', () => {
  it.each(['access', 'refresh'] as const)('ends its link: %s', async (kind) => {
    const client = await linkedClient();
    const { test, id } = client;
    const reply = await test.post('/revoke', { token: client[kind], client_id: id, token_type_hint: 'wrong' });
    expect(reply).toEqual({ status: 200, headers: { 'Cache-Control': 'no-store' }, body: '' });
    expect(test.grants.verify(client.access, RESOURCE)).toBeUndefined();
    expect(test.lines.at(-1)).toBe('info  a client has ended its link');
  });

  it('may come without the client', async () => {
    const { test, access } = await linkedClient();
    expect((await test.post('/revoke', { token: access })).status).toBe(200);
    expect(test.grants.all).toEqual([]);
  });

  it('is answered alike when nobody knows it, or it is another’s', async () => {
    const { test, access } = await linkedClient();
    const count = test.lines.length;
    for (const fields of [{ token: 'unknown' }, { token: access, client_id: 'another' }])
      expect((await test.post('/revoke', fields)).status).toBe(200);
    expect(test.grants.all).toHaveLength(1);
    expect(test.lines).toHaveLength(count);
  });
});

it.each([[{}], [{ token: '' }], [{ token: ['a', 'b'] }], [{ token: 'a', client_id: ['a', 'a'] }]])(
  'what is not well-formed is refused: %j',
  async (fields) => {
    const { status, body } = await (await startServer()).post('/revoke', fields);
    expect([status, JSON.parse(body).error]).toEqual([400, 'invalid_request']);
  },
);

it('nothing but a form is read', async () => {
  const { status } = await (await startServer()).post('/revoke', { token: 'x' }, { 'content-type': 'text/plain' });
  expect(status).toBe(400);
});
