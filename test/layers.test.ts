import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

interface SourceFile {
  /** Path within src. */
  readonly path: string;
  /** The code without comments and with empty strings. */
  readonly code: string;
  /** Paths within src of the files that are imported, those whose types alone are used included. */
  readonly imports: readonly string[];
}

const FILES = readdirSync(join(PROJECT, 'src'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .map(readSource);
const TABLE = readTable(readFileSync(join(PROJECT, 'docs/design.md'), 'utf8'));
/** What every stage may import. */
const GROUND = ['errors', 'log'];

describe('the stages', () => {
  it('are those of the table in docs/design.md', () => {
    expect([...TABLE.keys()].sort()).toEqual([...new Set(FILES.map(({ path }) => stageOf(path)))].sort());
  });

  it('import only what the table allows', () => {
    const strays = edges().filter(({ from, to }) => from !== to && !GROUND.includes(to) && !TABLE.get(from)?.has(to));
    expect(strays.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
  });

  it('are allowed nothing that they do not use', () => {
    const used = new Set(edges().map(({ from, to }) => `${from} imports ${to}`));
    const allowed = [...TABLE].flatMap(([from, stages]) => [...stages].map((to) => `${from} imports ${to}`));
    expect(allowed.filter((edge) => !used.has(edge))).toEqual([]);
  });

  it('form no circle', () => {
    const graph = new Map([...TABLE].map(([stage, allowed]) => [stage, [...allowed]]));
    expect(findCircle(graph)).toBeUndefined();
  });
});

describe('the files', () => {
  it('form no circle', () => {
    const graph = FILES.map(({ path, imports }) => [path, imports] as const);
    expect(findCircle(new Map(graph))).toBeUndefined();
  });

  it('leave exit codes and signals to cli.ts', () => {
    expect(filesWith(/(?<![\w.#])process\.(?:exit|exitCode|abort|on|once|addListener)\b/, ['cli.ts'])).toEqual([]);
  });

  it('leave stdout and stderr to cli.ts, the terminal and the log', () => {
    const owners = ['cli.ts', 'log.ts', 'terminal/'];
    expect(filesWith(/(?<![\w.#])(?:process\.(?:stdout|stderr)\b(?!\.(?:on|once)\()|console\.)/, owners)).toEqual([]);
    expect(readSource('log.ts').code).not.toContain('process.stdout');
  });

  it('have named exports, and index.ts is the only barrel', () => {
    expect(filesWith(/\bexport\s+default\b|\bas default\b/)).toEqual([]);
    expect(filesWith(/\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\}\s*from)/, ['index.ts'])).toEqual([]);
    expect(FILES.map(({ path }) => path).filter((path) => path.endsWith('/index.ts'))).toEqual([]);
  });

  it('know what they handle: no `any`', () => {
    expect(filesWith(/[:<|&,(]\s*any\b\s*[;,)>\]|&=[{]|\bas any\b|=>\s*any\b/)).toEqual([]);
  });

  it('leave nothing for later', () => {
    const later = /\b(?:TO|FIX)(?:DO|ME)\b|\bXXX\b/;
    const all = FILES.map(({ path }) => path).filter((path) =>
      later.test(readFileSync(join(PROJECT, 'src', path), 'utf8')),
    );
    expect(all).toEqual([]);
  });
});

function readSource(path: string): SourceFile {
  const text = readFileSync(join(PROJECT, 'src', path), 'utf8');
  return { path, code: withoutCommentsAndStrings(text), imports: [...importsOf(path, text)] };
}

/** Reads what the formatter leaves: one import a statement, with single quotes. */
function* importsOf(path: string, text: string): Generator<string> {
  const statement = /^(?:import|export) [^;']*?from '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;
  for (const [, from, dynamic] of text.matchAll(statement)) {
    yield join(dirname(path), from ?? dynamic ?? '').replaceAll('\\', '/');
  }
}

function withoutCommentsAndStrings(text: string): string {
  return text.replaceAll(/'(?:[^'\\\n]|\\.)*'|\/\*[\s\S]*?\*\/|(?<![:\\/])\/\/.*/g, (match) =>
    match.startsWith("'") ? "''" : '',
  );
}

/** A folder, or a file that stands beside the folders. */
function stageOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, '');
}

function edges(): { file: string; from: string; to: string }[] {
  return FILES.flatMap(({ path, imports }) =>
    imports.map((target) => ({ file: path, from: stageOf(path), to: stageOf(target) })),
  );
}

/** The rows of the table whose first column is `stage`, as what each stage may import. */
function readTable(markdown: string): Map<string, Set<string>> {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith('| stage'));
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return new Map(
    rows.slice(0, end).flatMap((row) => {
      const [, stages = '', , allowed = ''] = row.split('|');
      return namesIn(stages).map((stage) => [stage, new Set(namesIn(allowed))] as const);
    }),
  );
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
}

function filesWith(pattern: RegExp, except: readonly string[] = []): string[] {
  return FILES.filter(({ path, code }) => pattern.test(code) && !except.some((start) => path.startsWith(start))).map(
    ({ path }) => path,
  );
}

/** The nodes of a circle, as text, or `undefined` when there is none. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string | undefined {
  const done = new Set<string>();
  const visit = (node: string, way: readonly string[]): string | undefined => {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node].join(' > ');
    if (done.has(node)) return undefined;
    const circle = graph
      .get(node)
      ?.map((next) => visit(next, [...way, node]))
      .find((found) => found !== undefined);
    done.add(node);
    return circle;
  };
  return [...graph.keys()].map((node) => visit(node, [])).find((found) => found !== undefined);
}
