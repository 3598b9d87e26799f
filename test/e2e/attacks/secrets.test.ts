import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawPost, rawRequest } from '../../support/http.ts';
import {
  authorizePage,
  authorizeUrl,
  pkce,
  redeem,
  redirectOf,
  refresh,
  revoke,
  submit,
  tokensOf,
} from '../../support/oauth/endpoints.ts';
import type { Send } from '../../support/oauth/tunnel.ts';
import { bearer, ECHO, LIST, registerClient, startTarget, type Target, transactionOf, wrongCode } from './attacker.ts';

const STATIC_TOKEN = 'static-token-of-the-owner';
const CLIENT_STATE = 'state-that-only-the-client-knows';

let bridge: Target;
/** By what they are. */
const secrets: Record<string, string> = { 'static token': STATIC_TOKEN, state: CLIENT_STATE };
/** Everything that strangers were answered. */
const answered: string[] = [];
let environment: string;

/** Sends every secret to where it belongs, and to wherever it does not. */
beforeAll(async () => {
  bridge = await startTarget([...ECHO, '--log-level', 'debug'], { env: { MCP_BRIDGE_TOKEN: STATIC_TOKEN } });
  secrets.key = bridge.key;
  const tokens = await linkAndMisuse();
  const call = { ...LIST, method: 'tools/call', params: { name: 'env', arguments: {} } };
  environment = (await rawPost(bridge.resource, call, bearer(tokens.access_token))).text;
  await scatter(Object.values(secrets));
  await revoke(bridge, { token: tokens.refresh_token });
  answered.push((await rawRequest('GET', `${bridge.localUrl}/status`)).text);
});
afterAll(() => bridge[Symbol.asyncDispose]());

/** What is sent here is refused, so that nothing of it may come back. */
const sendRefused: Send = async (...request) => {
  const answer = await bridge.send(...request);
  answered.push(answer.text, JSON.stringify(answer.headers));
  return answer;
};

async function linkAndMisuse() {
  const refused = { ...bridge, send: sendRefused };
  const code = await bridge.pair();
  const plain = code.replace('-', '');
  const { verifier, challenge } = pkce();
  Object.assign(secrets, { 'pairing code': code, 'plain pairing code': plain, verifier });
  const clientId = await registerClient(bridge);
  const query = { client_id: clientId, resource: bridge.resource, state: CLIENT_STATE, code_challenge: challenge };
  const page = await authorizePage(bridge, authorizeUrl(bridge, query));
  secrets.transaction = transactionOf(page);
  const again = await submit(bridge, page, { code: wrongCode(code) });
  const redirect = redirectOf(await submit(bridge, again, { code: ` ${plain.toLowerCase()} ` }));
  const given = redirect.searchParams.get('code') ?? '';
  secrets['authorization code'] = given;

  const fields = { client_id: clientId, code: given, code_verifier: verifier, resource: bridge.resource };
  await redeem(refused, { ...fields, code: `${given}x` });
  await redeem(refused, { ...fields, client_id: given });
  const first = tokensOf(await redeem(bridge, fields));
  const second = tokensOf(await refresh(bridge, { client_id: clientId, refresh_token: first.refresh_token }));
  for (const [name, tokens] of Object.entries({ first, second }))
    Object.assign(secrets, { [`${name} access`]: tokens.access_token, [`${name} refresh`]: tokens.refresh_token });
  await refresh(refused, { client_id: clientId, refresh_token: second.access_token });
  await refresh(refused, {
    client_id: clientId,
    refresh_token: second.refresh_token,
    resource: 'https://evil.example',
  });
  return second;
}

/** Puts each value where no server is to look for it, at doors that refuse it. */
async function scatter(values: readonly string[]): Promise<void> {
  for (const value of values) {
    const encoded = encodeURIComponent(value);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    await sendRefused('POST', `${bridge.issuer}/mcp?access_token=${encoded}`, {}, LIST);
    await sendRefused('POST', `${bridge.issuer}/mcp`, { cookie: `a=${value}`, authorization: `Basic ${value}` }, value);
    await sendRefused('POST', `${bridge.issuer}/mcp`, { 'mcp-session-id': value, 'last-event-id': value }, LIST);
    // Its page leads back to where it was opened, so that what was sent is on it.
    await bridge.send(
      'GET',
      `${bridge.issuer}/authorize?client_id=${encoded}&redirect_uri=${encoded}&state=${encoded}`,
    );
    await sendRefused('POST', `${bridge.issuer}/authorize`, form, `transaction=${encoded}&code=${encoded}`);
    await sendRefused('POST', `${bridge.issuer}/token`, form, `grant_type=${encoded}&code=${encoded}`);
    await sendRefused('POST', `${bridge.issuer}/token`, { authorization: `Bearer ${value}`, ...form }, '');
    await sendRefused('POST', `${bridge.issuer}/register`, {}, { redirect_uris: [value], client_name: value });
    await sendRefused('POST', `${bridge.issuer}/message?sessionId=${encoded}`, {}, LIST);
    await rawRequest('POST', `${bridge.localUrl}/pair?key=${encoded}`, { cookie: `key=${value}` });
  }
}

/** Which of the secrets are in a text. */
function found(text: string, names = Object.keys(secrets)): string[] {
  return names.filter((name) => text.includes(secrets[name] as string));
}

describe('of all secrets that were planted', () => {
  it('there are as many as there should be', () => {
    expect(Object.keys(secrets)).toHaveLength(12);
    for (const secret of Object.values(secrets)) expect(secret.length).toBeGreaterThanOrEqual(8);
  });

  it('none is in the log, though that tells each request', async () => {
    const log = bridge.stderr();
    for (const word of ['"path":"/token"', 'is linked', 'asks for access', 'has ended its link', '"level":"debug"'])
      expect(log).toContain(word);
    expect(found(log)).toEqual([]);
  });

  it('none is in an answer to whoever is refused, nor in the status', () => {
    expect(answered.length).toBeGreaterThan(200);
    expect(answered.at(-1)).toContain('"servers"');
    expect(found(answered.join('\n'))).toEqual([]);
  });

  it('none is in the environment of a server', () => {
    expect(environment).toContain('PATH');
    expect(found(environment)).toEqual([]);
    expect(environment).not.toContain('MCP_BRIDGE_TOKEN');
  });

  it('none is in the files that are kept, but for the key of the local app while that runs', async () => {
    const names = (await readdir(bridge.stateFolder, { recursive: true })).filter((name) => /\.\w+$/.test(name));
    expect(names).toContain('grants.json');
    for (const name of names) {
      const text = await readFile(join(bridge.stateFolder, name), 'utf8');
      expect([name, found(text)]).toEqual([name, name.startsWith('running') ? ['key'] : []]);
    }
  });

  it('none that was given to a client is in what its owner is shown of it', async () => {
    expect(found(await bridge.command('grants', 'ls'))).toEqual([]);
  });
});
