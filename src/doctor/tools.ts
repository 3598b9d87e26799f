import { failed, listed, type Outcome, ok, skipped, warning } from './finding.ts';
import { inTime } from './handshake.ts';
import { isObject, type Json, wordFor } from './json.ts';
import { ask, type RpcAnswer, refusalOf } from './rpc.ts';
import { judgeInputSchema, judgeOutputSchema } from './schema.ts';
import type { Check, Visit } from './visit.ts';

/** What is offered, and whether clients will take it. */
export const TOOLS: readonly Check[] = [
  { name: 'tools', title: 'tools/list', look: readTools },
  { name: 'tool-order', title: 'Order of tools', look: ofTools(compareOrder) },
  { name: 'tool-names', title: 'Names of tools', look: ofTools(judgeNames) },
  { name: 'tool-schemas', title: 'Schemas of tools', look: ofTools(judgeSchemas) },
  { name: 'tool-descriptions', title: 'Descriptions of tools', look: ofTools(judgeDescriptions) },
  { name: 'tool-annotations', title: 'Annotations of tools', look: ofTools(judgeAnnotations) },
  { name: 'tool-count', title: 'Number of tools', look: ofTools(judgeCount) },
  { name: 'tool-size', title: 'Size of the list', look: ofTools(judgeSize) },
  { name: 'call', title: 'Call of a tool', look: ofTools(callOne) },
];

type Tools = readonly Json[];

function ofTools(judge: (tools: Tools, visit: Visit) => Promise<Outcome> | Outcome): Check['look'] {
  return (visit) => (visit.chart.tools?.length ? judge(visit.chart.tools, visit) : undefined);
}

async function readTools(visit: Visit): Promise<Outcome> {
  const list = await listTools(visit);
  if ('verdict' in list) return list;
  const { tools, pages, slowest } = list;
  visit.chart.tools = tools;
  if (tools.length === 0) return warning('there are none', 'Check the server, and the filters before it.');
  return inTime(`${tools.length} tools${pages > 1 ? ` on ${pages} pages` : ''}`, slowest);
}

interface ToolList {
  readonly tools: Tools;
  readonly pages: number;
  readonly slowest: RpcAnswer;
}

/** Reads all pages; what is wrong with them is an outcome. */
async function listTools(visit: Visit): Promise<ToolList | Outcome> {
  const tools: Json[] = [];
  const cursors = new Set<unknown>();
  let slowest: RpcAnswer | undefined;
  let cursor: unknown;
  do {
    const answer = await ask(visit, 'tools/list', cursor === undefined ? {} : { cursor });
    const page = answer.result?.tools;
    if (!Array.isArray(page) || !page.every(isObject))
      return failed(
        answer.result ? 'the result is no list of tools' : refusalOf(answer),
        'Without its tools, a server is of no use to ChatGPT: see its log.',
      );
    for (const tool of page) tools.push(tool);
    if (tools.length > MOST_LISTED) return failed(`there are more than ${MOST_LISTED}`, FEWER);
    if (slowest === undefined || answer.ms > slowest.ms) slowest = answer;
    cursor = answer.result?.nextCursor;
    if (cursors.has(cursor) || cursors.size >= MOST_PAGES)
      return failed(
        `its pages have no end: after ${cursors.size + 1}, the cursor is ${wordFor(cursor)}`,
        'Leave nextCursor out on the last page.',
      );
    cursors.add(cursor);
  } while (cursor !== undefined);
  return { tools, pages: cursors.size, slowest };
}

/** Far more than clients read. */
const MOST_PAGES = 100;
/** Far more than anybody offers; what is found out of them takes its time. */
const MOST_LISTED = 10_000;

async function compareOrder(tools: Tools, visit: Visit): Promise<Outcome> {
  const again = await listTools(visit);
  if ('verdict' in again) return again;
  const [before, after] = [tools, again.tools].map((list) => JSON.stringify(list.map(({ name }) => name)));
  if (before === after) return ok('it is the same when asked again');
  return warning(
    'it is another one when asked again',
    'Keep it: clients compare lists, and cache what they have read.',
  );
}

function judgeNames(tools: Tools): Outcome {
  const names = tools.map(({ name }) => wordFor(name));
  const unfit = names.filter((name) => !/^[A-Za-z0-9_-]{1,64}$/.test(name));
  if (unfit.length > 0)
    return failed(
      `not of letters, digits, _ and - (at most 64): ${listed(unfit.map((name) => JSON.stringify(name)))}`,
      'Rename them: ChatGPT and Claude leave out the whole server for one such name.',
    );
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0)
    return failed(`there twice: ${listed([...new Set(twice)])}`, 'Give each tool a name of its own.');
  return ok('all are fit for every client');
}

function judgeSchemas(tools: Tools): Outcome {
  const judged = tools.map(({ name, inputSchema, outputSchema }) => ({
    name,
    faults: [judgeInputSchema(inputSchema), judgeOutputSchema(outputSchema)],
  }));
  const withFault = (kind: 'refused' | 'disliked') =>
    judged.flatMap(({ name, faults }) => {
      const all = faults.flatMap((each) => each[kind]);
      return all.length > 0 ? [`${wordFor(name)} (${listed(all, 3)})`] : [];
    });
  const refused = withFault('refused');
  if (refused.length > 0)
    return failed(
      `${refused.length} of ${tools.length} have what clients refuse: ${listed(refused, 3)}`,
      'Correct them in the server, or hide these tools (here with --deny): one may cost the whole connector.',
    );
  const disliked = withFault('disliked');
  if (disliked.length > 0)
    return warning(
      `${disliked.length} of ${tools.length} have what some clients stumble over: ${listed(disliked, 3)}`,
      'Say what the items are.',
    );
  return ok('all are of the plain kind that every client takes');
}

function judgeDescriptions(tools: Tools): Outcome {
  const mute = tools.filter(({ description }) => typeof description !== 'string' || description.trim() === '');
  if (mute.length === 0) return ok('all have one');
  const names = listed(mute.map(({ name }) => wordFor(name)));
  return warning(`${names} have none`, 'Say what they are for: models choose tools by that.');
}

function judgeAnnotations(tools: Tools): Outcome {
  const reads = tools.filter(isReadOnly).length;
  const writes = tools.length - reads;
  if (writes === 0) return ok(`all ${reads} are marked as read-only`);
  return ok(`${reads} are marked as read-only; ${writes} count as writes, and ChatGPT asks its user before each`);
}

function isReadOnly({ annotations }: Json): boolean {
  return isObject(annotations) && annotations.readOnlyHint === true;
}

function judgeCount({ length }: Tools): Outcome {
  if (length <= MOST_TOOLS) return ok(`${length} of at most ${MOST_TOOLS}`);
  return warning(`${length}, and some clients take no more than ${MOST_TOOLS}`, FEWER);
}

function judgeSize(tools: Tools): Outcome {
  const tokens = Math.round(JSON.stringify(tools).length / CHARACTERS_PER_TOKEN);
  const detail = `about ${tokens.toLocaleString('en')} tokens`;
  return tokens <= MANY_TOKENS ? ok(detail) : warning(`${detail}, in every conversation`, FEWER);
}

const FEWER = 'Offer fewer: filter them (here with --allow and --deny), or connect servers one by one.';
/** OpenAI's limit on the tools of one request. */
const MOST_TOOLS = 128;
const CHARACTERS_PER_TOKEN = 4;
/** A tenth of what models of 2026 can hold, before anything was asked. */
const MANY_TOKENS = 20_000;

/** Calls a tool that by its own word changes nothing, and needs to be told nothing. */
async function callOne(tools: Tools, visit: Visit): Promise<Outcome> {
  const tool = tools.find((each) => isReadOnly(each) && needsNothing(each));
  if (!tool) return skipped('no tool is marked as read-only and needs no arguments');
  const answer = await ask(visit, 'tools/call', { name: tool.name, arguments: {} }, { limit: CALL_LIMIT });
  const { result, ms } = answer;
  if (!result) return failed(`${tool.name}: ${refusalOf(answer)}`, "See the server's log.");
  if (result.isError === true)
    return warning(`${tool.name} says that it failed`, 'Call it in a client to see why, or see the log.');
  return ok(`${tool.name} answers`, ms);
}

function needsNothing({ inputSchema, name }: Json): boolean {
  if (!isObject(inputSchema) || !/^[\w-]+$/.test(wordFor(name))) return false;
  const { required } = inputSchema;
  return required === undefined || (Array.isArray(required) && required.length === 0);
}

/** ChatGPT gives up calls after 45 to 60 s. Milliseconds. */
const CALL_LIMIT = 45_000;
