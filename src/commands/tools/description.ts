import type { ToolReport } from '../../bridge/catalog-report.ts';
import { printable } from '../../terminal/printable.ts';
import { alignColumns } from '../../terminal/table.ts';
import { effectOf, whyHidden, withheldFrom } from './entry.ts';
import { parametersIn } from './parameters.ts';

/** All there is to know of a tool, for a person. */
export function describeTool(tool: ToolReport): string {
  const { definition, server, ownName, hidden, tokens, owned, unseen, repairs } = tool;
  const withheld = withheldFrom(tool);
  const facts = [
    ['Tool', tool.name],
    ['Title', definition.string('title') ?? definition.raw('annotations')?.string('title')],
    ['Source', server === undefined ? 'mcp-bridge itself' : `${server}, where it is ${ownName}`],
    ['Formerly', unseen.aliases.join(', ') || undefined],
    ['Effect', effectOf(tool)],
    ['Tokens', `about ${tokens}`],
    ['Hidden', hidden && whyHidden(hidden)],
    ["Owner's word", owned.join(', ') || undefined],
    ['Withheld', withheld.length > 0 ? `${withheld.join(', ')} (parameters that clients do not see)` : undefined],
  ].filter((fact): fact is [string, string] => fact[1] !== undefined);
  const sections = [
    alignColumns(facts),
    section('Description', indented(definition.string('description') ?? '')),
    section('Parameters', parameterLines(definition.get('inputSchema'))),
    section('Always sent, whatever clients send', presetLines(unseen.presets)),
    section('Annotations', annotationLines(tool)),
    section('Mended, so that clients take it', repairs.flatMap(indented)),
  ];
  return `${printable(
    sections
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'))
      .join('\n\n'),
  )}\n`;
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, ...lines];
}

function indented(text: string): string[] {
  return text === ''
    ? []
    : text
        .trim()
        .split('\n')
        .map((line) => `  ${line}`.trimEnd());
}

function parameterLines(schema: unknown): string[] {
  const parameters = parametersIn(schema);
  const heads = alignColumns(parameters.map(({ name, type }) => [`  ${name}`, type]));
  return parameters.flatMap(({ description }, index) => [
    heads[index] ?? '',
    ...indented(description).map((line) => `    ${line}`),
  ]);
}

function presetLines(presets: Readonly<Record<string, unknown>>): string[] {
  return alignColumns(Object.entries(presets).map(([name, value]) => [`  ${name}`, JSON.stringify(value)]));
}

/** What a tool that does not say so counts as (2025-11-25, `ToolAnnotations`). */
const DEFAULTS = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };
/** These are about tools that write. */
const OF_WRITERS: readonly string[] = ['destructiveHint', 'idempotentHint'];

/** Each annotation with whose word it is; those that nobody speaks of, with what that counts as. */
function annotationLines({ server, definition, original, owned, readOnly }: ToolReport): string[] {
  const said = definition.raw('annotations');
  const names = new Set([...Object.keys(DEFAULTS), ...(said?.keys ?? [])]);
  const rows = [...names].map((name) => {
    const [value, before] = [said, original.raw('annotations')].map((each) => each?.raw(name)?.text);
    const without =
      readOnly && OF_WRITERS.includes(name) ? 'means nothing, as it only reads' : `counts as ${defaultOf(name)}`;
    if (value === undefined) return [`  ${name}`, '-', `not said; ${without}`];
    if (!owned.includes(`annotations.${name}`))
      return [`  ${name}`, value, server === undefined ? 'as of the tools that it is made of' : "the server's word"];
    return [
      `  ${name}`,
      value,
      `the owner's word; the server ${before === undefined ? 'does not say' : `says ${before}`}`,
    ];
  });
  return alignColumns(rows);
}

function defaultOf(name: string): boolean | undefined {
  return new Map<string, boolean>(Object.entries(DEFAULTS)).get(name);
}
