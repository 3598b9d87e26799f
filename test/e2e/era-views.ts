import { fixture } from '../support/fixtures.ts';

/** A server of each era that offers the same; see the fixture. */
export const ERA_SERVERS = {
  old: fixture('eras-server', '--era', '2025', '--name', 'old'),
  new: fixture('eras-server', '--era', '2026', '--name', 'new'),
};

export interface EraView {
  readonly title: string;
  readonly server: keyof typeof ERA_SERVERS;
  /** Of the URL where the server is found. */
  readonly path: string;
  /** What a tool or prompt of the server is called there. */
  named(name: string): string;
}

/** Every way to come to one of these servers through a bridge that has both. */
export const ERA_VIEWS: readonly EraView[] = [
  { title: 'a server of 2025', server: 'old', path: '/servers/old/mcp', named: (name) => name },
  { title: 'a server of 2026', server: 'new', path: '/servers/new/mcp', named: (name) => name },
  { title: 'a server of 2025 among several', server: 'old', path: '/mcp', named: (name) => `old__${name}` },
  { title: 'a server of 2026 among several', server: 'new', path: '/mcp', named: (name) => `new__${name}` },
];
