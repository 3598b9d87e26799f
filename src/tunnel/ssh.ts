import { bracket, openProgram, readProgram } from './program.ts';
import type { OpenTunnel, TunnelSurroundings } from './tunnel.ts';

export interface SshSettings {
  /** `user@host`, where the host may be a public service: `localhost.run`, `pinggy`, `serveo`. */
  readonly to: string;
  /** Of its SSH server. Default: what ssh is configured to. */
  readonly port?: number | undefined;
  /** For ssh, ahead of the bridge's own: of two words on one thing, ssh takes the first. */
  readonly args: readonly string[];
  /** Where that host serves what arrives at the forwarded port; `{port}` in it is replaced. Needed but for loopback, and public services, which print it. */
  readonly publicUrl?: string | undefined;
  /** Which port of that host is forwarded, on its loopback unless it is configured otherwise. Default 0: any that is free. */
  readonly remotePort?: number | undefined;
}

/** A tunnel through an SSH server (`ssh -R`), by the system's own ssh, with its keys and its configuration. */
export function openSsh(settings: SshSettings): OpenTunnel {
  return async (surroundings) => {
    const { target } = surroundings;
    const route = routeOf(settings);
    const destination = [...portArgs(route.port), '--', route.destination];
    const trust = await trustArgs([...settings.args, ...destination], surroundings);
    const forward = `${route.remotePort}:${bracket(target.host)}:${target.port}`;
    return openProgram(
      {
        ...SSH,
        args: [...settings.args, ...route.args, ...OPTIONS, ...trust, '-R', forward, ...destination],
        env: agent(),
        noise: /^debug\d: /,
        explain: (words) => explain(words, route),
        connect: (output) => output.find(route.read),
      },
      surroundings,
    );
  };
}

const SSH = { name: 'ssh', command: 'ssh', remedy: 'Install the OpenSSH client, and see that ssh is on the PATH.' };

/** How a host is reached, and how it says where the tunnel comes out. */
interface Route {
  readonly destination: string;
  readonly port?: number | undefined;
  readonly remotePort: number;
  readonly args: readonly string[];
  readonly read: (line: string) => string | undefined;
}

function routeOf({ to, port, publicUrl, remotePort = 0 }: SshSettings): Route {
  const host = hostOf(to);
  const service = SERVICES[host];
  if (service) return { ...service, destination: asUserOf(to, service.destination), port: port ?? service.port };
  // The settings have a URL for every host that is not this machine.
  const url = publicUrl ?? `http://${bracket(host)}:{port}`;
  // A port that was asked for is confirmed among the debug messages only.
  const level = remotePort === 0 ? 'INFO' : 'DEBUG1';
  return {
    destination: to,
    port,
    remotePort,
    args: ['-N', '-o', `LogLevel=${level}`],
    read: (line) => {
      const found = FORWARDED.exec(line)?.[1];
      return found === undefined ? undefined : new URL(url.replaceAll('{port}', found)).origin;
    },
  };
}

/** What ssh prints (OpenSSH 9.2) when the host has agreed. */
const FORWARDED = /^(?:Allocated port|debug1: remote forward success for: listen(?: \S+:)?) ?(\d+)/;

/**
 * The public services. They print the URL into the session, so that there has to be one (no `-N`), among others: of their sites and
 * their dashboards.
 */
const SERVICES: Readonly<Record<string, Route>> = {
  'localhost.run': {
    destination: 'nokey@localhost.run',
    remotePort: 80,
    args: [],
    read: reading(/tunneled with tls termination, (https:\/\/\S+)/),
  },
  pinggy: {
    destination: 'a.pinggy.io',
    port: 443,
    remotePort: 0,
    args: [],
    read: reading(/(https:\/\/(?:[\w-]+\.)+pinggy(?:-free)?\.(?:link|net|online))\b/),
  },
  serveo: {
    destination: 'serveo.net',
    remotePort: 80,
    args: [],
    read: reading(/Forwarding HTTP traffic from (https:\/\/\S+)/),
  },
};

function reading(pattern: RegExp): (line: string) => string | undefined {
  return (line) => pattern.exec(line)?.[1];
}

const OPTIONS = [
  '-T',
  '-a', // The owner's keys are not that host's to use,
  '-x', // nor is their screen.
  // A shared connection would keep the port forwarded after this ssh has ended.
  ...options('ControlMaster=no', 'ControlPath=none'),
  // Nobody is there to be asked.
  ...options('BatchMode=yes', 'ConnectTimeout=15'),
  // A connection that is dead is given up after 45 s, and one that forwards nothing at once.
  ...options('ServerAliveInterval=15', 'ServerAliveCountMax=3', 'ExitOnForwardFailure=yes'),
];

/** A host that was never seen is trusted, unless the owner has configured how hosts are checked: asking, the default, is out. */
async function trustArgs(destination: readonly string[], surroundings: TunnelSurroundings): Promise<readonly string[]> {
  const configured = await readProgram({ ...SSH, args: ['-G', ...destination] }, surroundings);
  return /^stricthostkeychecking ask$/m.test(configured) ? options('StrictHostKeyChecking=accept-new') : [];
}

/** ssh is the owner's, so it may use the owner's agent. */
function agent(): Record<string, string> {
  const { SSH_AUTH_SOCK } = process.env;
  return SSH_AUTH_SOCK === undefined ? {} : { SSH_AUTH_SOCK };
}

function explain(words: string, { destination, remotePort }: Route): string | undefined {
  const host = hostOf(destination);
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(words))
    return `the key of ${host} has changed. If it was set up anew, forget the old one: ssh-keygen -R ${host}. If not, somebody is in between.`;
  if (/Host key verification failed/.test(words))
    return `${host} is not known here yet. Connect to it once by hand: ssh ${destination}`;
  if (/Permission denied/.test(words))
    return `${host} accepts none of your keys, and nobody is there to type a password. Set up a key: ssh-copy-id ${destination}; one with a passphrase has to be in the agent: ssh-add`;
  if (/remote port forwarding failed|administratively prohibited/i.test(words)) {
    const port = remotePort === 0 ? 'a port' : `port ${remotePort}, or it is taken there`;
    return `${host} refuses to forward ${port}. See AllowTcpForwarding and PermitListen in its sshd_config.`;
  }
  return undefined;
}

function hostOf(destination: string): string {
  return destination.replace(/^.*@/, '');
}

/** Some services know by the user whose tunnel it is. */
function asUserOf(to: string, destination: string): string {
  return to.includes('@') ? to.replace(/[^@]*$/, hostOf(destination)) : destination;
}

function portArgs(port: number | undefined): readonly string[] {
  return port === undefined ? [] : ['-p', String(port)];
}

function options(...words: string[]): string[] {
  return words.flatMap((word) => ['-o', word]);
}
