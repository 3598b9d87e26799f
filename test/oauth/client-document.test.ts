import { describe, expect, it, vi } from 'vitest';
import { ClientDocuments, fetchClient } from '../../src/oauth/client-document.ts';

const ID = 'https://app.example/oauth/client.json';
const DOCUMENT = {
  client_id: ID,
  client_name: 'Example',
  redirect_uris: ['https://app.example/cb', 'http://127.0.0.1/cb', 'example-app:/cb'],
};

describe('a client that describes itself', () => {
  it('is what its document says, and its name tells who says so', async () => {
    expect(await fetched({})).toEqual({
      id: ID,
      name: 'Example (app.example)',
      redirectUris: DOCUMENT.redirect_uris,
      isKnown: true,
    });
  });

  it.each([
    ['ChatGPT\u202e', 'ChatGPT (app.example)'],
    ['  two\r\nlines ', 'two lines (app.example)'],
    ['\u200b', 'app.example'],
    ['', 'app.example'],
    ['x'.repeat(200), `${'x'.repeat(65)}… (app.example)`],
    ['ChatGPT (chatgpt.com)', 'ChatGPT (chatgpt.com) (app.example)'],
  ])('has a name that can be shown: %j', async (given, name) => {
    const client = await fetched({ client_name: given });
    expect(client.name).toBe(name);
    expect(client.name.length).toBeLessThanOrEqual(80);
  });

  it.each([
    { token_endpoint_auth_method: 'none' },
    {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
    },
    { application_type: 'native', grant_types: ['authorization_code'], logo_uri: 'https://app.example/logo.png' },
  ])('may say %j', async (more) => {
    await expect(fetched(more)).resolves.toBeTruthy();
  });

  it.each([
    'https://app.example/c',
    'https://app.example/oauth/client.json?v=1',
    'https://app.example/a%20b',
    'https://xn--pple-43d.example/c',
  ])('may have the id %s', async (id) => {
    await expect(fetched({ client_id: id }, id)).resolves.toMatchObject({ id });
  });
});

describe('a document that is refused', () => {
  it.each<[why: string, document: unknown]>([
    ['not an object', null],
    ['not an object', 'text'],
    ['not an object', [DOCUMENT]],
    ['no good client_id', { ...DOCUMENT, client_id: undefined }],
    ['another client_id', { ...DOCUMENT, client_id: 'https://chatgpt.com/oauth/client.json' }],
    ['another client_id', { ...DOCUMENT, client_id: `${ID}/` }],
    ['another client_id', { ...DOCUMENT, client_id: ID.toUpperCase() }],
    ['no good client_name', { ...DOCUMENT, client_name: undefined }],
    ['no good client_name', { ...DOCUMENT, client_name: 7 }],
    ['no good redirect_uris', { ...DOCUMENT, redirect_uris: undefined }],
    ['no good redirect_uris', { ...DOCUMENT, redirect_uris: [] }],
    ['no good redirect_uris', { ...DOCUMENT, redirect_uris: [1] }],
    ['javascript:', { ...DOCUMENT, redirect_uris: ['https://app.example/cb', 'javascript:alert(1)'] }],
    ['redirect URI', { ...DOCUMENT, redirect_uris: ['http://app.example/cb'] }],
    ['other than none', { ...DOCUMENT, token_endpoint_auth_method: 'client_secret_basic' }],
    ['other than none', { ...DOCUMENT, token_endpoint_auth_method: 'private_key_jwt' }],
    ['holds a secret', { ...DOCUMENT, client_secret: 'secret' }],
    ['holds a secret', { ...DOCUMENT, client_secret: null }],
    ['holds a secret', { ...DOCUMENT, client_secret_expires_at: 0 }],
  ])('for %s', async (why, document) => {
    await expect(fetchClient(ID, async () => document)).rejects.toThrow(why);
  });
});

describe('an id that nothing is fetched for', () => {
  it.each([
    'client-1',
    '',
    'http://app.example/client.json',
    'https://app.example',
    'https://app.example/',
    'https://app.example/?a',
    'https://app.example/client.json#x',
    'https://app.example/client.json#',
    'https://user@app.example/client.json',
    'https://user:secret@app.example/client.json',
    'https://app.example/a/../client.json',
    'https://app.example/./client.json',
    'https://app.example/%2e%2e/client.json',
    'https://APP.example/client.json',
    'HTTPS://app.example/client.json',
    'https://app.example:443/client.json',
    'https://app.example\\client.json',
    'https:app.example/client.json',
    ' https://app.example/client.json',
    'https://app.example/cli\tent.json',
    'https://аpp.example/client.json',
    `https://app.example/${'x'.repeat(2000)}`,
    `https://chatgpt.com.${'x'.repeat(50)}.example/client.json`,
  ])('is %j', async (id) => {
    const fetchJson = vi.fn(async () => ({ ...DOCUMENT, client_id: id }));
    await expect(fetchClient(id, fetchJson)).rejects.toThrow('client_id');
    expect(fetchJson).not.toHaveBeenCalled();
  });
});

describe('what was fetched', () => {
  it('is good for ten minutes', async () => {
    const { documents, fetchJson, clock } = create();
    const client = await documents.fetch(ID);
    clock.now += 10 * 60_000 - 1;
    expect(await documents.fetch(ID)).toBe(client);
    clock.now += 1;
    await documents.fetch(ID);
    expect(fetchJson).toHaveBeenCalledTimes(2);
  });

  it('is fetched once for all who ask at the same time', async () => {
    const { documents, fetchJson } = create();
    await Promise.all([documents.fetch(ID), documents.fetch(ID)]);
    expect(fetchJson).toHaveBeenCalledTimes(1);
  });

  it('is not tried again for a minute when it failed', async () => {
    const { documents, fetchJson, clock } = create();
    fetchJson.mockRejectedValueOnce(new Error('the answer was 503'));
    await expect(documents.fetch(ID)).rejects.toThrow('503');
    clock.now += 60_000 - 1;
    await expect(documents.fetch(ID)).rejects.toThrow('503');
    clock.now += 1;
    await expect(documents.fetch(ID)).resolves.toMatchObject({ id: ID });
    expect(fetchJson).toHaveBeenCalledTimes(2);
  });

  it('is forgotten, the oldest first, when there are more than a hundred', async () => {
    const { documents, fetchJson } = create();
    for (let index = 0; index <= 100; index++) await documents.fetch(`https://app.example/${index}`);
    expect(fetchJson).toHaveBeenCalledTimes(101);
    await documents.fetch('https://app.example/1');
    expect(fetchJson).toHaveBeenCalledTimes(101);
    await documents.fetch('https://app.example/0');
    expect(fetchJson).toHaveBeenCalledTimes(102);
  });

  it('is as young as its last fetch', async () => {
    const { documents, fetchJson, clock } = create();
    await documents.fetch(ID);
    clock.now += 10 * 60_000;
    for (let index = 1; index <= 50; index++) await documents.fetch(`https://app.example/${index}`);
    await documents.fetch(ID);
    for (let index = 51; index <= 100; index++) await documents.fetch(`https://app.example/${index}`);
    fetchJson.mockClear();
    await documents.fetch(ID);
    expect(fetchJson).not.toHaveBeenCalled();
  });

  it('is no more than four documents at once', async () => {
    const { documents, fetchJson } = create();
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    fetchJson.mockImplementation(async (id) => {
      await released;
      return { ...DOCUMENT, client_id: id };
    });
    const first = [1, 2, 3, 4].map((each) => documents.fetch(`https://app.example/${each}`));
    await expect(documents.fetch(ID)).rejects.toThrow('too many');
    release();
    await Promise.all(first);
    await expect(documents.fetch(ID)).resolves.toMatchObject({ id: ID });
  });
});

function fetched(changes: object, id = ID) {
  return fetchClient(id, async (url) => ({ ...DOCUMENT, client_id: url, ...changes }));
}

function create() {
  const clock = { now: 0 };
  const fetchJson = vi.fn(async (id: string): Promise<unknown> => ({ ...DOCUMENT, client_id: id }));
  return { clock, fetchJson, documents: new ClientDocuments(fetchJson, () => clock.now) };
}
