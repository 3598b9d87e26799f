import { median } from './stats.mjs';
import { FIGURES, PEER_NAMES } from './targets.mjs';

export const BRIDGE = 'mcp-bridge';
const FLOOR = 'http-floor';

/**
 * Judges mcp-bridge by each target: `{ figure, against, target, ratio, reached, why }`, with `reached` undefined where
 * there is nothing to divide by. `results` is `{ variant: { figure: { values, wrong, note } } }`, a value a round; a
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
  const verdict = { figure: figure.id, against: base?.name ?? target.against, target };
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
    const isLimit = against === 'limit';
    const unit = isLimit ? ` ${labels[figure].unit}` : 'x';
    const bound = target.atMost ? `at most ${target.atMost}${unit}` : `at least ${target.atLeast}${unit}`;
    const of = target.of ? `${against} (${labels[target.of].label})` : against;
    const got = ratio === undefined ? (why ?? '-') : isLimit ? `${number(ratio)}${unit}` : ratioText(ratio);
    return [labels[figure].label, of, got, bound, { true: 'yes', false: 'NO', undefined: '-' }[reached]];
  });
  const judged = verdicts.filter(({ reached }) => reached !== undefined);
  const reached = judged.filter((verdict) => verdict.reached);
  const heading = [`${BRIDGE}`, 'against', 'is', 'target', 'reached'];
  return `${table(heading, rows)}\n\n${reached.length} of ${judged.length} targets reached`;
}

function ratioText(ratio) {
  return `${ratio.toFixed(ratio < 10 ? 2 : 1)}x`;
}

function number(value) {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

function table(heading, rows) {
  const widths = heading.map((_, column) => Math.max(...[heading, ...rows].map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => pad(cell, widths[column], column)).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(heading), rule, ...rows.map(line)].join('\n');
}

function pad(cell, width, column) {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
