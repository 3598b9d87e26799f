import { median } from './stats.mjs';
import { FIGURES } from './targets.mjs';
import { PEER_NAMES } from './variants.mjs';

export const BRIDGE = 'mcp-bridge';
const FLOOR = 'http-floor';

/**
 * Judges mcp-bridge by each target: `{ figure, against, target, ratio, reached, why }`, with `against` and `reached`
 * undefined where there is nothing to divide by. `results` is `{ variant: { figure: { values, wrong, note } } }`, a value a round; a
 * note says that the figure was taken another way, so it is compared with none.
 */
export function judge(results) {
  const bridge = results[BRIDGE];
  if (!bridge) return [];
  return FIGURES.filter(({ id }) => bridge[id]).flatMap((figure) =>
    figure.targets.map((target) => judgeTarget(results, figure, target)),
  );
}

function judgeTarget(results, figure, target) {
  const own = results[BRIDGE][figure.id];
  const base = findBase(results, figure, target);
  const verdict = { figure: figure.id, against: base?.name, target };
  if (own.wrong) return { ...verdict, reached: false, why: own.wrong };
  if (!base || own.values.length === 0) return { ...verdict, reached: undefined };
  const ratio = base.values ? pairedRatio(own, base) : median(own.values);
  return { ...verdict, ratio, reached: target.atMost ? ratio <= target.atMost : ratio >= target.atLeast };
}

function findBase(results, { id, better }, { against, of = id }) {
  if (against === 'limit') return { name: against };
  const names = against === 'best peer' ? PEER_NAMES : [against];
  const bases = names
    .map((name) => ({ name, ...results[name]?.[of] }))
    .filter(({ values, wrong, note }) => values?.length > 0 && !wrong && !note)
    .sort((a, b) => median(a.values) - median(b.values));
  return better === 'less' ? bases.at(0) : bases.at(-1);
}

/** The median of the rounds' ratios: what slows a whole round slows both sides of its ratio. */
function pairedRatio(own, base) {
  return median(own.values.map((value, round) => value / base.values[round]));
}

/** Renders the figures of all variants and the verdicts as two Markdown tables. */
export function renderReport(results, verdicts) {
  const names = Object.keys(results);
  const rows = FIGURES.filter(({ id }) => names.some((name) => results[name][id])).map((figure) => [
    `${figure.label}, ${figure.unit}`,
    ...names.map((name) => renderCell(results, name, figure)),
  ]);
  const figures = table(['median (times the floor)', ...names], rows);
  return verdicts.length === 0 ? figures : `${figures}\n\n${renderVerdicts(verdicts)}`;
}

function renderCell(results, name, { id }) {
  const cell = results[name][id];
  if (!cell || (cell.values.length === 0 && !cell.wrong)) return '-';
  const floor = results[FLOOR]?.[id];
  const parts = [];
  if (cell.values.length > 0) parts.push(number(median(cell.values)));
  if (cell.wrong) parts.push(`WRONG: ${cell.wrong}`);
  else if (cell.note) parts.push(`[${cell.note}]`);
  else if (floor?.values.length > 0 && name !== FLOOR) parts.push(`(${ratioText(pairedRatio(cell, floor))})`);
  return parts.join(' ');
}

function renderVerdicts(verdicts) {
  const labels = Object.fromEntries(FIGURES.map(({ id, label, unit }) => [id, { label, unit }]));
  const rows = verdicts.map(({ figure, against, target, ratio, reached, why }) => {
    const { label, unit } = labels[figure];
    const render = against === 'limit' ? (value) => `${number(value)} ${unit}` : ratioText;
    const bound = target.atMost ? `at most ${render(target.atMost)}` : `at least ${render(target.atLeast)}`;
    const detail = target.of ? labels[target.of].label : against;
    const base = detail && detail !== target.against ? `${target.against} (${detail})` : target.against;
    const is = ratio === undefined ? (why ?? '-') : render(ratio);
    return [label, base, is, bound, { true: 'yes', false: 'NO', undefined: '-' }[reached]];
  });
  const judged = verdicts.filter(({ reached }) => reached !== undefined);
  const reached = judged.filter((verdict) => verdict.reached);
  const heading = [BRIDGE, 'against', 'is', 'target', 'reached'];
  return `${table(heading, rows)}\n\n${reached.length} of ${judged.length} targets reached`;
}

function ratioText(ratio) {
  return `${ratio.toFixed(ratio < 10 ? 2 : 1)}x`;
}

function number(value) {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}

function table(heading, rows) {
  const widths = heading.map((_, column) => Math.max(...[heading, ...rows].map((row) => row[column].length)));
  const pad = (cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  const line = (row) => `| ${row.map(pad).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [heading, rule, ...rows].map(line).join('\n');
}
