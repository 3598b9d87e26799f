import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { startBridge } from '../../../src/bridge/bridge.ts';
import { type ToolsContext, tools } from '../../../src/commands/tools.ts';
import { parseFlags } from '../../../src/config/flags.ts';
import { resolveSettings } from '../../../src/config/resolve-settings.ts';
import { createLog } from '../../../src/log.ts';
import { splitCommand } from '../../../src/process/command-line.ts';
import { makeFolder } from '../../state/support.ts';
import { fixture } from '../../support/fixtures.ts';

export interface ToolsOptions extends Partial<Pick<ToolsContext, 'input' | 'start'>> {
  /** The config file; without one, servers have to be named in the arguments. */
  readonly config?: object;
  readonly isTerminal?: boolean;
  readonly columns?: number;
}

export interface ToolsOutcome {
  readonly isFine: boolean;
  readonly out: string;
  readonly err: string;
}

/** Runs `mcp-bridge tools` with these arguments, in a folder of its own, on real servers. */
export async function runTools(argv: readonly string[], options: ToolsOptions = {}): Promise<ToolsOutcome> {
  const { config, input = Readable.from([]), isTerminal = false, columns = 200, start } = options;
  const cwd = await makeFolder();
  if (config) await writeFile(join(cwd, 'mcp-bridge.json'), JSON.stringify(config));
  const command = parseFlags(['tools', ...argv, ...(argv.includes('--') ? [] : ['--state-folder', cwd])], {});
  if (command.kind !== 'tools') throw new Error(`parsed as ${command.kind}`);
  const { flags } = command;
  const { settings } = await resolveSettings({ flags, env: {}, cwd, splitCommand, serves: false });
  const log = createLog({ level: 'none' });
  let [out, err] = ['', ''];
  const isFine = await tools(command, {
    settings,
    input,
    output: {
      isTerminal,
      columns,
      write(text) {
        out += text;
      },
      complain(text) {
        err += text;
      },
    },
    start: start ?? ((changed) => startBridge({ ...changed, stateFolder: cwd }, log)),
    follow: (_subject, done) => done,
  });
  return { isFine, out, err };
}

/** A config file's entry of a server with these tools. */
export async function serverWith(...definitions: readonly object[]): Promise<object> {
  const file = join(await makeFolder(), 'tools.json');
  await writeFile(file, JSON.stringify(definitions));
  return fixture('catalog-server', '--tools', file);
}

/** A definition; nothing is said of it but what is given. */
export function tool(name: string, members: object = {}): object {
  return { name, inputSchema: { type: 'object', properties: {} }, ...members };
}
