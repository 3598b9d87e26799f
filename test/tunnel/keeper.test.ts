import { describe, expect, it, onTestFinished } from 'vitest';
import { BridgeError } from '../../src/errors.ts';
import { createWatchdog } from '../../src/process/watchdog.ts';
import { type KeeperOptions, TunnelKeeper } from '../../src/tunnel/keeper.ts';
import type { Proof } from '../../src/tunnel/proof.ts';
import type { CloseOptions, Tunnel } from '../../src/tunnel/tunnel.ts';

const PROOF: Proof = { firstByte: 1, streamsPost: true, streamsGet: true };

describe('a tunnel', () => {
  it('is told of once it is proved, and not before', async () => {
    const world = createWorld({ prove: async () => PROOF });
    world.keeper.start();
    await world.keeper.settled;
    expect(world.events).toEqual([
      'open',
      'admit https://1.example',
      'prove https://1.example',
      'up https://1.example',
    ]);
    expect(world.keeper.state).toEqual({ kind: 'up', place: { origin: 'https://1.example', proof: PROOF } });
  });

  it('that closes is opened again, under whatever name it has then', async () => {
    const world = createWorld({ prove: async () => PROOF });
    world.keeper.start();
    await world.keeper.settled;
    world.tunnels[0]?.end('the program exited with code 1');
    await world.heard('up https://2.example');
    expect(world.events).toContain('admit undefined');
    expect(world.warnings).toEqual([
      'tunnel: the tunnel is down: the program exited with code 1 (next attempt in 0 s)',
    ]);
  });

  it('that does not lead here any more is closed, and opened again', async () => {
    const world = createWorld({ prove: async () => PROOF, isAlive: async (origin) => origin !== 'https://1.example' });
    world.keeper.start();
    await world.heard('up https://2.example');
    expect(world.events).toContain('close https://1.example');
    expect(world.warnings[0]).toContain('https://1.example does not lead here any more');
  });

  it('that closes as soon as it is up is not opened again all the time', async () => {
    const world = createWorld({ prove: async () => PROOF, firstDelay: 500, watchInterval: 60_000 });
    world.keeper.start();
    for (const attempt of [1, 2, 3]) {
      await world.heard(`up https://${attempt}.example`);
      world.tunnels[attempt - 1]?.end('the program exited with code 1');
    }
    await expect.poll(() => world.warnings.length).toBe(3);
    expect(world.warnings[2]).toContain('(next attempt in 2 s)');
  });

  it('that has lasted is opened again soon, however long it took to get there', async () => {
    const prove = async (origin: string) => {
      if (origin !== 'https://3.example') throw new BridgeError('TUNNEL', 'it leads elsewhere');
      return PROOF;
    };
    const world = createWorld({ prove, firstDelay: 500 });
    world.keeper.start();
    await world.heard('up https://3.example');
    await new Promise((resolve) => setTimeout(resolve, 50));
    world.tunnels[2]?.end('the program exited with code 1');
    await expect.poll(() => world.warnings.length).toBe(3);
    expect(world.warnings[2]).toContain('(next attempt in 1 s)');
  });

  it('that fails a look now and then is left alone', async () => {
    let looks = 0;
    const looked = defer<void>();
    const isAlive = async () => {
      looks += 1;
      if (looks === 9) looked.resolve();
      return looks % 3 === 0;
    };
    const world = createWorld({ prove: async () => PROOF, isAlive });
    world.keeper.start();
    await looked.promise;
    expect(world.tunnels).toHaveLength(1);
  });

  it('that is not proved is closed, and tried again', async () => {
    const prove = async (origin: string) => {
      if (origin === 'https://1.example') throw new BridgeError('TUNNEL', 'it leads elsewhere');
      return PROOF;
    };
    const world = createWorld({ prove });
    world.keeper.start();
    await world.keeper.settled;
    expect(world.keeper.state).toEqual({ kind: 'down', reason: 'it leads elsewhere', isFinal: false });
    await world.heard('up https://2.example');
    expect(world.events).not.toContain('up https://1.example');
  });

  it('that is down for foreign reasons gives them without what drives a terminal', async () => {
    const prove = async () => {
      throw new BridgeError('TUNNEL', 'HTTP 200 (\u001b]0;renamed\u0007\u001b[2Jgone), and not its answer');
    };
    const world = createWorld({ prove });
    world.keeper.start();
    await world.keeper.settled;
    expect(world.keeper.state).toMatchObject({ reason: 'HTTP 200 ( ]0;renamed [2Jgone), and not its answer' });
  });

  it('without a place of its own is up at once, and not looked at', async () => {
    const closed = defer<string>();
    const tunnel = { origin: undefined, closed: closed.promise, close: async () => closed.resolve('it was closed') };
    const world = createWorld({
      prove: () => Promise.reject(new Error('there is nothing to prove')),
      open: async () => tunnel,
    });
    world.keeper.start();
    await world.keeper.settled;
    expect(world.keeper.state).toEqual({ kind: 'up', place: undefined });
    expect(world.events).toEqual(['admit undefined', 'up undefined']);
  });

  it('whose program is not there is not tried again', async () => {
    const open = async () => {
      throw new BridgeError('SPAWN', 'cloudflared is not installed');
    };
    const world = createWorld({ prove: async () => PROOF, open });
    world.keeper.start();
    await world.keeper.settled;
    expect(world.keeper.state).toEqual({ kind: 'down', reason: 'cloudflared is not installed', isFinal: true });
    expect(world.errors).toEqual(['tunnel: there is no tunnel: cloudflared is not installed']);
    await world.keeper.close();
  });

  it('that cannot be closed is told of, and opened again', async () => {
    const ended = defer<string>();
    const open = async () => ({
      origin: undefined,
      closed: ended.promise,
      close: () => Promise.reject(new Error('the session is gone')),
    });
    const world = createWorld({ prove: async () => PROOF, open });
    world.keeper.start();
    await world.heard('up undefined');
    ended.resolve('the session is gone');
    await expect.poll(() => world.events.filter((event) => event === 'up undefined').length).toBeGreaterThan(1);
    await world.keeper.close();
    expect(world.warnings[0]).toBe('tunnel: the tunnel was not closed: the session is gone');
  });

  it('is not told of any more once it is being closed', async () => {
    const world = createWorld({
      prove: (_, { signal }) => new Promise((r) => signal.addEventListener('abort', () => r(PROOF))),
    });
    world.keeper.start();
    await world.heard('prove https://1.example');
    await world.keeper.close();
    expect(world.events).not.toContain('up https://1.example');
  });

  it('is killed when the owner cannot wait for it to go', async () => {
    const killed = defer<void>();
    const closed = new Promise<string>(() => {});
    const close = async (options?: CloseOptions) => (options?.immediately ? killed.resolve() : killed.promise);
    const world = createWorld({ prove: async () => PROOF, open: async () => ({ origin: undefined, closed, close }) });
    world.keeper.start();
    await world.keeper.settled;
    const ended = world.keeper.close();
    await world.keeper.close({ immediately: true });
    await ended;
  });

  it('goes when it is closed, also while it is being opened, and twice without harm', async () => {
    const never = new Promise<Proof>(() => {});
    const prove = (_: string, { signal }: { signal: AbortSignal }) =>
      Promise.race([
        never,
        new Promise<Proof>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ]);
    const world = createWorld({ prove });
    world.keeper.start();
    await world.heard('prove https://1.example');
    await world.keeper.close();
    await world.keeper.close();
    expect(world.events.at(-1)).toBe('close https://1.example');
    expect(world.warnings).toEqual([]);
  });
});

interface Play extends Pick<KeeperOptions, 'firstDelay' | 'watchInterval'> {
  prove: (origin: string, options: { signal: AbortSignal }) => Promise<Proof>;
  isAlive?: (origin: string) => Promise<boolean>;
  open?: KeeperOptions['open'];
}

function createWorld({ prove, isAlive = async () => true, open, firstDelay = 5, watchInterval = 5 }: Play) {
  const events: string[] = [];
  const waiting = new Set<() => void>();
  const say = (event: string) => {
    events.push(event);
    for (const wake of waiting) wake();
  };
  const tunnels: { end(reason: string): void }[] = [];
  const openNext = async (): Promise<Tunnel> => {
    say('open');
    const origin = `https://${tunnels.length + 1}.example`;
    const closed = defer<string>();
    tunnels.push({ end: closed.resolve });
    const close = async () => {
      say(`close ${origin}`);
      closed.resolve('it was closed');
    };
    return { origin, closed: closed.promise, close };
  };
  const [warnings, errors]: [string[], string[]] = [[], []];
  const keeper = new TunnelKeeper({
    name: 'tunnel',
    open: open ?? openNext,
    target: { host: '127.0.0.1', port: 1 },
    watchdog: createWatchdog(),
    proof: {
      prove: (origin, options) => {
        say(`prove ${origin}`);
        return prove(origin, options);
      },
      isAlive,
    },
    log: { debug() {}, info() {}, warn: (text) => warnings.push(text), error: (text) => errors.push(text) },
    admit: (origin) => say(`admit ${origin}`),
    onUp: (place) => say(`up ${place?.origin}`),
    watchInterval,
    firstDelay,
  });
  onTestFinished(() => keeper.close());
  const heard = async (event: string) => {
    while (!events.includes(event)) await new Promise<void>((wake) => waiting.add(wake));
  };
  return { keeper, events, warnings, errors, tunnels, heard };
}

function defer<Value>() {
  let resolve = (_: Value) => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
