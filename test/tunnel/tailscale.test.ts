import { expect, it } from 'vitest';
import { openTailscale } from '../../src/tunnel/tailscale.ts';
import { isAlive } from '../process/support.ts';
import {
  installOnPath,
  makeFolder,
  makeSurroundings,
  open,
  type Playbook,
  player,
  setEnvironment,
} from './programs.ts';

const NAME = 'machine.tail1234.ts.net';
const CONNECTED = { BackendState: 'Running', Self: { DNSName: `${NAME}.` } };
const UP = [
  { show: 'pid' },
  { show: 'args' },
  { out: `Available on the internet:\n\nhttps://${NAME}/\n|-- proxy http://127.0.0.1:9\n` },
  { out: 'Press Ctrl+C to exit.' },
];

it('comes out at the name of the machine', async () => {
  await playTailscale(CONNECTED, UP);
  const surroundings = makeSurroundings();
  const tunnel = await open(openTailscale({ port: 443 }), surroundings);
  expect(tunnel.origin).toBe(`https://${NAME}`);
  expect(surroundings.find('args')).toBe('["funnel","--https=443","http://127.0.0.1:9"]');
  await tunnel.close();
  expect(isAlive(Number(surroundings.find('pid')))).toBe(false);
});

it('comes out at another port where that was asked for', async () => {
  await playTailscale(CONNECTED, UP);
  expect((await open(openTailscale({ port: 8443 }))).origin).toBe(`https://${NAME}:8443`);
});

it.each([
  [
    'nobody has logged in',
    { BackendState: 'NeedsLogin' },
    UP,
    'tailscale is not connected (NeedsLogin). Log in: tailscale up',
  ],
  ['the machine has no name', { BackendState: 'Running', Self: { DNSName: '' } }, UP, 'Turn on MagicDNS'],
  [
    'Funnel is not enabled',
    CONNECTED,
    [
      { out: '\nFunnel is not enabled on your tailnet.\nTo enable, visit:\n' },
      { out: '         https://login.tailscale.com/f/funnel?node=n1\n' },
    ],
    'Enable it: https://login.tailscale.com/f/funnel?node=n1',
  ],
  [
    'only root may do it',
    CONNECTED,
    [{ err: 'sending serve config: Access denied: serve config denied' }, { exit: 1 }],
    'sudo tailscale set --operator=$USER',
  ],
  [
    'the port is taken',
    CONNECTED,
    [{ err: 'error: failed to apply config, foreground listener already exists for port 443' }, { exit: 1 }],
    'tailscale funnel status',
  ],
])('says what to do when %s', async (_, status, scene, advice) => {
  await playTailscale(status, scene);
  await expect(open(openTailscale({ port: 443 }))).rejects.toMatchObject({
    code: 'TUNNEL',
    message: expect.stringContaining(advice),
  });
});

it('says how to start its service', async () => {
  const err = "failed to connect to local tailscaled; it doesn't appear to be running";
  await installOnPath('tailscale', player({ status: [{ err }, { exit: 1 }] }));
  await expect(open(openTailscale({ port: 443 }))).rejects.toThrow('sudo systemctl start tailscaled');
});

it('says so when the status is none that it knows', async () => {
  await installOnPath('tailscale', player({ status: [{ out: 'flag provided but not defined' }, { exit: 0 }] }));
  await expect(open(openTailscale({ port: 443 }))).rejects.toThrow('Is it 1.52 or newer?');
});

it('says what to install when there is no tailscale', async () => {
  setEnvironment('PATH', await makeFolder());
  await expect(open(openTailscale({ port: 443 }))).rejects.toMatchObject({
    code: 'SPAWN',
    message: expect.stringContaining('https://tailscale.com/download'),
  });
});

async function playTailscale(status: object, funnel: Playbook[string]): Promise<void> {
  await installOnPath('tailscale', player({ status: [{ out: JSON.stringify(status) }, { exit: 0 }], funnel }));
}
