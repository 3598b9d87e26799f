import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { Clients, type ClientsOptions } from '../../src/oauth/clients.ts';
import { KNOWN_CLIENTS } from '../../src/oauth/known-clients.ts';
import { CLIENT, startGrants, type TestGrants } from './support.ts';

const URL_ID = 'https://app.example/client.json';

async function createClients(
  options: Partial<ClientsOptions> = {},
): Promise<TestGrants & { clients: Clients; lines: string[] }> {
  const test = await startGrants();
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line.replace(/^[\d:.]+ /, '')) });
  const clients = new Clients({ store: test.store, documents: undefined, log, now: test.clock.now, ...options });
  return { ...test, clients, lines };
}

describe('a client', () => {
  it.each(KNOWN_CLIENTS)('is known by its id: $name', async (client) => {
    const fetch = () => Promise.reject(new Error('it was asked for'));
    const { clients, lines } = await createClients({ documents: { fetch } });
    expect(await clients.find(client.id)).toBe(client);
    expect(lines).toEqual([]);
  });

  it('that has registered is found by its id, and not vouched for', async () => {
    const { clients, clock } = await createClients();
    const registered = await clients.register(CLIENT);
    expect(registered).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      name: CLIENT.name,
      redirectUris: CLIENT.redirectUris,
      createdAt: clock.now(),
    });
    expect(await clients.find(registered.id)).toEqual({ ...registered, isKnown: false });
    expect(await clients.find(`${registered.id}x`)).toBeUndefined();
  });

  it('may be described by a document, where that is wanted', async () => {
    const described = { ...CLIENT, id: URL_ID, isKnown: true };
    const asked: string[] = [];
    const fetch = async (id: string) => {
      asked.push(id);
      return described;
    };
    const { clients } = await createClients({ documents: { fetch } });
    expect(await clients.find(URL_ID)).toBe(described);
    for (const id of ['', 'x', 'http://app.example/client.json', 'HTTPS://app.example/client.json'])
      expect(await clients.find(id)).toBeUndefined();
    expect(asked).toEqual([URL_ID]);
    expect(await (await createClients()).clients.find(URL_ID)).toBeUndefined();
  });

  it('whose document is no good is not taken, and the owner learns why', async () => {
    const fetch = () => Promise.reject(new Error('its document has another client_id'));
    const { clients, lines } = await createClients({ documents: { fetch } });
    expect(await clients.find(URL_ID)).toBeUndefined();
    expect(lines).toEqual([`warn  the client ${URL_ID} is not taken: its document has another client_id`]);
    const long = `${URL_ID}?\u202e${'x'.repeat(5000)}`;
    await clients.find(long);
    expect(lines[1]).toMatch(
      /^warn {2}the client https:\/\/app\.example\/client\.json\?x{100,}… is not taken: its document/,
    );
  });

  it('is forgotten when its registration is gone, unless it never had one', async () => {
    const { clients, store } = await createClients();
    const { id } = await clients.register(CLIENT);
    expect([id, URL_ID, `${id}x`, ''].map((each) => clients.isForgotten(each))).toEqual([false, false, true, true]);
    await store.change((state) => ({ state: { ...state, clients: [] }, result: undefined }));
    expect(clients.isForgotten(id)).toBe(true);
  });
});

it('of clients that have registered, 200 are kept: the oldest that were never linked go first', async () => {
  const { clients, store, link } = await createClients();
  const linked = await clients.register(CLIENT);
  const idle = await clients.register(CLIENT);
  await link({ client: { ...linked, isKnown: false } });
  const fill = async (count: number) => {
    const copies = Array.from({ length: count - store.state.clients.length }, (_, at) => ({
      ...idle,
      id: `copy ${at}`,
    }));
    await store.change((state) => ({ state: { ...state, clients: [...state.clients, ...copies] }, result: undefined }));
  };
  await fill(150);
  await clients.register(CLIENT);
  expect(store.state.clients).toHaveLength(151);
  await fill(200);
  const last = await clients.register(CLIENT);
  const ids = store.state.clients.map(({ id }) => id);
  expect(ids).toHaveLength(200);
  expect([ids[0], ids[1], ids.at(-1)]).toEqual([linked.id, 'copy 0', last.id]);
});
