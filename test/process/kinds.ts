import { fixture, fixturePath, makeProject } from './support.ts';

export interface Kind {
  readonly title: string;
  /** How many of its processes print their ids. */
  readonly pids: number;
  start(): Promise<{ command: string; args: string[]; cwd?: string }>;
}

const inShell = (line: string, name: string) => ({
  command: 'sh',
  args: ['-c', line, process.execPath, fixturePath(name)],
});

/** The ways in which servers are started and resist: issue 2, "Children". */
export const KINDS: Kind[] = [
  { title: 'node', pids: 1, start: async () => fixture('polite') },
  { title: 'node that ignores stdin and SIGTERM', pids: 1, start: async () => fixture('stubborn') },
  { title: 'sh -c', pids: 1, start: async () => inShell('"$0" "$1"; exit', 'idle') },
  {
    title: 'sh -c with children in the background',
    pids: 2,
    start: async () => inShell('"$0" "$1" & "$0" "$1" & wait', 'idle'),
  },
  {
    title: 'sh -c with a child that ignores SIGTERM',
    pids: 1,
    start: async () => inShell('"$0" "$1" & wait', 'stubborn'),
  },
  {
    title: 'npx',
    pids: 1,
    start: async () => ({ command: 'npx', args: ['--no', '--', 'idle'], cwd: await makeProject('idle') }),
  },
  {
    title: 'node that leaves a process of another group behind',
    pids: 2,
    start: async () => fixture('browser', 'leave'),
  },
  { title: 'node with a child in another group', pids: 2, start: async () => fixture('browser', 'stay') },
];
