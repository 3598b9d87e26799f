import { describe, expect, it } from 'vitest';
import { compileLayer, compileRules } from '../../src/catalog/rules.ts';
import type { CatalogRules, Prefix, ToolFilter } from '../../src/config/catalog-settings.ts';
import type { UpstreamSettings } from '../../src/config/settings.ts';
import { createView, type ViewOptions } from '../../src/relay/view.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { filterOf } from '../catalog/settings.ts';
import { NO_RULES } from '../upstream/support.ts';
import { playUpstream } from './support.ts';

interface Server extends Partial<UpstreamSettings> {
  readonly name: string;
  readonly said?: Partial<CatalogRules>;
  /** Of all servers. */
  readonly common?: ToolFilter;
}

async function viewOf(servers: readonly Server[], options: Partial<ViewOptions> = {}) {
  const compiled = servers.map(async ({ said = {}, common = filterOf({}), ...settings }) => {
    const { upstream } = playUpstream({}, settings);
    return [
      upstream,
      await compileRules({ name: upstream.name, origin: 'a test', rules: { ...NO_RULES, ...said } }, [
        await compileLayer(common, 'all'),
      ]),
    ] as const;
  });
  const rules = new Map(await Promise.all(compiled));
  const view = createView({ rules, prefix: 'auto', ...options });
  const [first, second] = [...rules.keys()] as [Upstream, Upstream];
  return { view, rules, first, second };
}

const named = (...aliases: string[]) => ({ overrides: [{ glob: 'x', origin: 'a test', name: 'better', aliases }] });

describe('a view', () => {
  it('shows servers in the order of the configuration, and knows each by its name', async () => {
    const { view, first, second, rules } = await viewOf([{ name: 'files' }, { name: 'search' }]);
    expect(view.upstreams).toEqual([first, second]);
    expect([view.upstream('search'), view.upstream('none'), view.upstream('constructor')]).toEqual([
      second,
      undefined,
      undefined,
    ]);
    expect([view.single, view.rulesOf(second)]).toEqual([undefined, rules.get(second)]);
  });

  it('of one server is transparent', async () => {
    const { view, first } = await viewOf([{ name: 'files' }]);
    expect([view.single, view.tools.expose('files', 'x')]).toEqual([first, 'x']);
  });

  it.each<[Prefix, string]>([
    ['auto', 'files__x'],
    ['server', 'files__x'],
    ['none', 'x'],
  ])('names tools and prompts as its prefix wants: %s', async (prefix, exposed) => {
    const { view } = await viewOf([{ name: 'files' }, { name: 'search' }], { prefix });
    for (const table of [view.tools, view.prompts]) {
      table.learn('files', ['x']);
      expect(table.expose('files', 'x')).toBe(exposed);
    }
  });

  it('names tools and prompts as the owner does, which are apart', async () => {
    const promptOverrides = [{ glob: 'x', origin: 'a test', name: 'other' }];
    const { view } = await viewOf([{ name: 'files', said: { ...named(), promptOverrides } }]);
    expect([view.tools.expose('files', 'x'), view.prompts.expose('files', 'x')]).toEqual(['better', 'other']);
    expect(view.prompts.lookup('better')).toEqual({ server: 'files', name: 'better' });
  });

  it('gives no tool a name that is reserved, and any prompt', async () => {
    const { view } = await viewOf([{ name: 'files' }], { reserved: ['x'] });
    expect([view.tools.lookup('x'), view.prompts.lookup('x')]).toEqual([undefined, { server: 'files', name: 'x' }]);
  });
});

describe('a filter by name', () => {
  it('is about the own name and the one that filters know', async () => {
    const exposedTool = (upstream: Upstream, tool: string) => `${upstream.name}/${tool}`;
    const { view, first } = await viewOf(
      [{ name: 'files', said: { tools: filterOf({ deny: ['own', 'files/shown'] }) } }],
      {
        exposedTool,
      },
    );
    expect(['own', 'shown', 'files/shown', 'x'].map((name) => view.allows(first, name))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(view.exposedTool(first, 'x')).toBe('files/x');
  });

  it('counts together with all others', async () => {
    const [common, tools] = [filterOf({ deny: ['x'] }), filterOf({ deny: ['y'] })];
    const { view, first } = await viewOf([{ name: 'files', said: { tools }, common }]);
    expect(['x', 'y', 'z'].map((name) => view.allows(first, name))).toEqual([false, false, true]);
  });

  it('knows a tool by the name that it has in this view, where there is no other', async () => {
    const tools = filterOf({ deny: ['files__x'] });
    const { view, first, second } = await viewOf([
      { name: 'files', said: { tools } },
      { name: 'search', said: { tools } },
    ]);
    expect([view.allows(first, 'x'), view.allows(second, 'x')]).toEqual([false, true]);
    expect(view.exposedTool(first, 'x')).toBe('files__x');
  });

  it.each([
    [{}, false],
    [{ deny: ['x'] }, true],
    [{ readOnly: false }, true],
    [{ openWorld: true }, true],
  ])('or by annotation may keep tools from clients: %j', async (tools, isFiltered) => {
    const { view, first } = await viewOf([{ name: 'files', said: { tools: filterOf(tools) } }]);
    expect(view.isFiltered(first)).toBe(isFiltered);
  });
});

describe('a former name', () => {
  it('is one that the owner says, as it would have been shown', async () => {
    const { view } = await viewOf([{ name: 'files', said: named('old', 'an old one') }, { name: 'search' }]);
    const target = { server: 'files', name: 'x' };
    expect(view.formerTool('files__old')).toEqual(target);
    expect(['old', 'search__old', 'files__an old one', 'files__x'].map((name) => view.formerTool(name))).toEqual(
      Array(4).fill(undefined),
    );
    const { view: alone } = await viewOf([{ name: 'files', said: named('old') }]);
    expect([alone.formerTool('old'), alone.formerTool('files__old')]).toEqual([target, undefined]);
  });

  it('is one that was shown once, unless the owner says otherwise', async () => {
    const asked: string[] = [];
    const formerTool = (exposed: string) => {
      asked.push(exposed);
      return exposed === 'none' ? undefined : { server: 'files', name: 'y', program: '' };
    };
    const { view } = await viewOf([{ name: 'files', said: named('old') }], { formerTool });
    expect(['old', 'shown', 'none'].map((name) => view.formerTool(name))).toEqual([
      { server: 'files', name: 'x' },
      { server: 'files', name: 'y' },
      undefined,
    ]);
    expect(asked).toEqual(['shown', 'none']);
  });

  it('leads to the program that it was shown for, also where another has its name by now', async () => {
    const whereIs = async (command: string) => {
      const { view } = await viewOf(
        [
          { name: 'files', command: 'new' },
          { name: 'first', command: 'old' },
          { name: 'search', command: 'old' },
        ],
        { formerTool: () => ({ server: 'files', name: 'y', program: programs.get(command) ?? '' }) },
      );
      const programs = new Map([
        ['old', view.programOf('search')],
        ['new', view.programOf('files')],
      ]);
      return view.formerTool('shown')?.server;
    };
    expect([await whereIs('old'), await whereIs('new')]).toEqual(['first', 'files']);
    // A newer version of it, say.
    expect(await whereIs('gone')).toBe('files');
  });

  it('leads to a server of another name only if it is the very same program', async () => {
    const same = { command: 'x', args: ['a'], env: { A: '1', B: '2' }, cwd: '/', shell: false };
    const { view: before } = await viewOf([{ name: 'former', ...same }]);
    const leadsFor = async (changes: Partial<UpstreamSettings>) => {
      const { view } = await viewOf([{ name: 'other' }, { name: 'later', ...same, ...changes }], {
        formerTool: () => ({ server: 'former', name: 'y', program: before.programOf('former') }),
      });
      return view.formerTool('shown');
    };
    const target = { server: 'later', name: 'y' };
    expect([
      await leadsFor({}),
      await leadsFor({ env: { B: '2', A: '1' } }),
      await leadsFor({ callTimeout: 1 }),
    ]).toEqual([target, target, target]);
    const different = [
      { command: 'y' },
      { args: [] },
      { args: ['a', ''] },
      { env: { A: '1' } },
      { cwd: '/tmp' },
      { shell: true },
    ];
    for (const changes of different) expect(await leadsFor(changes)).toBeUndefined();
  });

  it('leads nowhere where nobody knows what program it was', async () => {
    const { view } = await viewOf([{ name: 'files' }], {
      formerTool: () => ({ server: 'former', name: 'y', program: '' }),
    });
    expect([view.formerTool('shown'), view.programOf('none')]).toEqual([undefined, '']);
    expect(view.programOf('files')).toMatch(/^[0-9a-f]{16}$/);
  });
});
