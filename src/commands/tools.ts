import type { Bridge } from '../bridge/bridge.ts';
import { nearest } from '../config/nearest.ts';
import type { Settings } from '../config/settings.ts';
import type { ToolsCommand } from '../config/tools-command.ts';
import { BridgeError } from '../errors.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import { printable } from '../terminal/printable.ts';
import type { CommandOutput } from './output.ts';
import { readArguments } from './tools/arguments.ts';
import { describeTool } from './tools/description.ts';
import { toEntry } from './tools/entry.ts';
import { failuresIn } from './tools/failures.ts';
import { type Catalog, listing, listingJson } from './tools/listing.ts';
import { describeError, describeResult, inJson, saysItFailed } from './tools/result.ts';
import { unknownTool } from './tools/unknown-tool.ts';

/** The bridge that is looked into. */
export type Subject = Pick<Bridge, 'settled' | 'status' | 'tools' | 'callTool' | 'close'>;

export interface ToolsContext {
  readonly settings: Settings;
  readonly output: ToolsOutput;
  /** Where arguments come from that are not on the command line. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Starts the servers. It is ended here. */
  start(settings: Settings): Promise<Subject>;
  /** Shows how they come up until what they are needed for is done. */
  follow<Value>(subject: Subject, done: Promise<Value>): Promise<Value>;
}

export interface ToolsOutput extends CommandOutput {
  /** How wide the lines of a table may be. */
  readonly columns: number;
  /** Writes to where errors go. */
  complain(text: string): void;
}

/**
 * `mcp-bridge tools`: starts the servers for itself, and shows or calls what clients would be shown. With `json`, `ls` writes what `listingJson` says,
 * `show` a `ToolEntry`, and `call` the result of `tools/call`, or `{ error }`. Resolves with whether all went well, when the servers are gone.
 * @throws BridgeError when there is no such view, the arguments of a call are no JSON, or the servers cannot be started at all.
 */
export async function tools(command: ToolsCommand, context: ToolsContext): Promise<boolean> {
  const settings = settingsFor(command, context.settings);
  const act = await prepare(command, context);
  const subject = await context.start(settings);
  try {
    return await act(subject);
  } finally {
    await subject.close();
  }
}

/** Finds out what is to be done: what is wrong with it is known before anything is started. */
async function prepare(command: ToolsCommand, context: ToolsContext): Promise<(subject: Subject) => Promise<boolean>> {
  const { action } = command;
  switch (action.kind) {
    case 'ls':
      return (subject) => list({ command, subject, context }, action);
    case 'show':
      return (subject) => show({ command, subject, context }, action.name);
    case 'call': {
      const args = await readArguments(action.args, context.input);
      return (subject) => call({ command, subject, context }, action.name, args);
    }
  }
}

interface Inquiry {
  readonly command: ToolsCommand;
  readonly subject: Subject;
  readonly context: ToolsContext;
}

/** All servers that are shown start at once, and the others only if they are needed. */
function settingsFor({ view }: ToolsCommand, settings: Settings): Settings {
  const shown = view === undefined ? [] : findView(view, settings).servers;
  const isShown = (server: string) => shown.length === 0 || shown.includes(server);
  return { ...settings, upstreams: settings.upstreams.map((server) => ({ ...server, lazy: !isShown(server.name) })) };
}

function findView(given: string, { views }: Settings): Settings['views'][number] {
  const found = views.find(({ name }) => name === given);
  if (found) return found;
  const names = views.map(({ name }) => name);
  const meant = nearest(given, names);
  const known = names.length === 0 ? 'there are none' : `expected ${names.join(', ')}`;
  throw new BridgeError(
    'USAGE',
    `there is no view ${given}; ${meant === undefined ? known : `did you mean ${meant}?`}`,
  );
}

async function list(inquiry: Inquiry, { all }: { readonly all: boolean }): Promise<boolean> {
  const catalog = await readCatalog(inquiry);
  const { command, context } = inquiry;
  const { columns } = context.output;
  write(context, command.json ? inJson(listingJson(catalog, { all })) : listing(catalog, { all, columns }));
  return catalog.failures.length === 0;
}

async function show(inquiry: Inquiry, name: string): Promise<boolean> {
  const catalog = await readCatalog(inquiry);
  const { command, context } = inquiry;
  const tool = catalog.tools.find((each) => each.name === name);
  if (tool) write(context, command.json ? inJson(toEntry(tool)) : describeTool(tool));
  else context.output.complain(`mcp-bridge: ${unknownTool(name, catalog)}\n`);
  return tool !== undefined;
}

/** Calls as a client would: as soon as the tool's own server is up. */
async function call(inquiry: Inquiry, name: string, args: RawJson): Promise<boolean> {
  const { command, subject, context } = inquiry;
  const { complain } = context.output;
  const { result, error } = await context.follow(subject, subject.callTool(name, args, command.view));
  const isFine = error === undefined && !saysItFailed(result);
  const words = error === undefined ? describeResult(result) : `mcp-bridge: ${describeError(error)}\n`;
  if (command.json) write(context, inJson(error === undefined ? result : { error }));
  else if (isFine) write(context, words);
  else if (!words.includes(OUT_OF_DATE)) complain(printable(words));
  else complain(`mcp-bridge: ${unknownTool(name, await readCatalog(inquiry))}\n`);
  return isFine;
}

/** Part of what clients are told who call what is not in the catalog. Here it can be looked at instead. */
const OUT_OF_DATE = 'that list is out of date: press Refresh';

function readCatalog({ command, subject, context }: Inquiry): Promise<Catalog> {
  const read = async () => {
    await subject.settled;
    return { tools: await subject.tools(command.view), failures: failuresIn(subject.status().servers) };
  };
  return context.follow(subject, read());
}

/** What somebody else has put into a text must not drive a terminal; a program gets it as it is. */
function write({ output }: ToolsContext, text: string): void {
  if (text !== '') output.write(`${(output.isTerminal ? printable(text) : text).replace(/\n$/, '')}\n`);
}
