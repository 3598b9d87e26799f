import type { ToolReport } from '../../bridge/catalog-report.ts';
import { oneLine } from '../../log.ts';
import { alignColumns } from '../../terminal/table.ts';
import { cut } from '../../terminal/width.ts';
import { effectOf, toEntry, whyHidden, withheldFrom } from './entry.ts';
import { type Failure, failureLines } from './failures.ts';

/** What servers have told. */
export interface Catalog {
  /** Those that clients do not see, too. */
  readonly tools: readonly ToolReport[];
  readonly failures: readonly Failure[];
}

export interface ListingOptions {
  /** Whether to list the tools that clients do not see, too. */
  readonly all: boolean;
  readonly columns: number;
}

/** The tools as a table, and below it what they come to and who has told nothing. */
export function listing({ tools, failures }: Catalog, { all, columns }: ListingOptions): string {
  const listed = all ? tools : tools.filter(isShown);
  const table = listed.length === 0 ? [] : [...tableOf(listed).map((line) => cut(line, columns)), ''];
  return [...table, ...summary(tools, all), ...failureLines(failures), ''].join('\n');
}

/**
 * The same for programs: `tools`, as `ToolEntry` has them; `totals` of those that clients see (`tools`, `readOnly`, `tokens`) and the number
 * that they do not (`hidden`); `failures`, each a `server` and its `reason`.
 */
export function listingJson({ tools, failures }: Catalog, { all }: Pick<ListingOptions, 'all'>): object {
  return { tools: (all ? tools : tools.filter(isShown)).map(toEntry), totals: totalsOf(tools), failures };
}

function isShown({ hidden }: ToolReport): boolean {
  return hidden === undefined;
}

function tableOf(tools: readonly ToolReport[]): string[] {
  const rows = tools.map((tool) => {
    const { name, server = 'mcp-bridge', owned, tokens, hidden } = tool;
    const source = owned.length > 0 || isFixed(tool) ? `${server}, owner` : server;
    const about = hidden ? `(${whyHidden(hidden)})` : firstLine(tool.definition.string('description'));
    return [name, effectOf(tool), source, inFigures(tokens), about].map(oneLine);
  });
  return alignColumns([['Tool', 'Effect', 'Source', 'Tokens', 'Description'], ...rows], { right: [3] });
}

/** Whether the owner has a say in the arguments, of which the definition tells nothing, or less. */
function isFixed(tool: ToolReport): boolean {
  return Object.keys(tool.unseen.presets).length > 0 || withheldFrom(tool).length > 0;
}

function firstLine(text = ''): string {
  return text.trim().split('\n', 1)[0] ?? '';
}

function totalsOf(tools: readonly ToolReport[]) {
  const shown = tools.filter(isShown);
  return {
    tools: shown.length,
    readOnly: shown.filter(({ readOnly }) => readOnly).length,
    tokens: shown.reduce((sum, { tokens }) => sum + tokens, 0),
    hidden: tools.length - shown.length,
  };
}

function summary(all: readonly ToolReport[], areListed: boolean): string[] {
  const { tools, readOnly, tokens, hidden } = totalsOf(all);
  const rest = hidden === 0 ? '' : `; ${inFigures(hidden)} more hidden${areListed ? '' : ' (--all shows them)'}`;
  if (tools === 0) return [`Clients see no tools${rest}`];
  const count = tools === 1 ? '1 tool' : `${inFigures(tools)} tools`;
  return [
    `${count}, ${inFigures(readOnly)} read-only, about ${inFigures(rounded(tokens))} tokens${rest}`,
    ...(readOnly < tools ? ['ChatGPT asks its user before it calls what is not read-only.'] : []),
    ...(tools > MANY_TOOLS ? [`Some clients take no more than ${MANY_TOOLS} tools. ${FEWER}`] : []),
    ...(tokens > MANY_TOKENS ? [`Models choose badly among so much text. ${FEWER}`] : []),
  ];
}

/** OpenAI's limit on functions. */
const MANY_TOOLS = 128;
/** A fifth of a context of 128,000: what is left is for the conversation. */
const MANY_TOKENS = 25_000;
const FEWER = 'Offer fewer: --allow GLOB, --deny GLOB, or a view in the config file.';

/** To two digits: the count is rough. */
function rounded(count: number): number {
  return Number(count.toPrecision(2));
}

function inFigures(count: number): string {
  return count.toLocaleString('en-US');
}
