import { describe, expect, it } from 'vitest';
import { openNgrok } from '../../src/tunnel/ngrok.ts';
import { installGlobally, makeSurroundings, open } from './programs.ts';

/** A package that stands in for ngrok's. Its tunnel comes out where it was told to lead. */
async function installNgrok(forward: string): Promise<void> {
  const listener = `const listenerAt = (addr) => ({ url: () => "https://" + addr, close: async () => {} });`;
  await installGlobally('@ngrok/ngrok', {
    'package.json': '{"main": "main.js"}',
    'main.js': `${listener}\nexports.forward = async ({ addr, authtoken }) => { ${forward} };`,
  });
}

describe('a tunnel of ngrok', () => {
  it.each([
    ['127.0.0.1', 'https://127.0.0.1:9'],
    ['::1', 'https://[::1]:9'],
  ])('leads to a bridge at %s', async (host, origin) => {
    await installNgrok('return listenerAt(addr);');
    const tunnel = await open(openNgrok({ token: 'token' }), makeSurroundings({ host, port: 9 }));
    expect(tunnel.origin).toBe(origin);
  });

  it('that nobody waits for any more holds nobody up', async () => {
    await installNgrok('return new Promise(() => {});');
    const surroundings = makeSurroundings();
    const opening = open(openNgrok({ token: 'token' }), surroundings);
    setTimeout(surroundings.giveUp, 50);
    await expect(opening).rejects.toMatchObject({ code: 'TUNNEL' });
  });

  it('that is refused says why, and shows no token', async () => {
    await installNgrok('throw new Error("The authtoken is not valid.\\nYours: " + authtoken + "\\nERR_NGROK_105");');
    await expect(open(openNgrok({ token: 'secret' }))).rejects.toMatchObject({
      message: 'ngrok: The authtoken is not valid. (https://ngrok.com/docs/errors/err_ngrok_105)',
    });
  });
});
