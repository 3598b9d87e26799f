import { ANY_TOKEN } from '../config/kinds.ts';
import { isLoopbackUrl } from '../config/loopback.ts';
import { parseAs } from '../config/read-flags.ts';
import { examineConfigured } from '../doctor/configured.ts';
import { examine } from '../doctor/examine.ts';
import { type Finding, findingOf, skipped, type Verdict } from '../doctor/finding.ts';
import { examineStarted } from '../doctor/started.ts';
import { BridgeError } from '../errors.ts';
import type { Running } from '../state/running.ts';
import type { CommandOutput } from './output.ts';
import { findBridges } from './running-bridge.ts';

export interface DoctorOptions {
  /** What to examine; `undefined` is the bridge that runs, and what its servers need. */
  readonly url: string | undefined;
  /** Whether programs read the findings. */
  readonly json: boolean;
  readonly register: boolean;
  /** Sent to whatever is examined. */
  readonly token: string | undefined;
  readonly config: string | undefined;
  /** Where the bridge keeps its state. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/**
 * `mcp-bridge doctor`: examines an MCP endpoint as ChatGPT would use it. Resolves with whether nothing failed.
 * @throws BridgeError when it is not clear what to examine.
 */
export async function doctor(options: DoctorOptions, { write }: Pick<CommandOutput, 'write'>): Promise<boolean> {
  const findings: Finding[] = [];
  for await (const finding of findingsOf(options)) {
    findings.push(finding);
    if (!options.json) write(inWords(finding));
  }
  write(options.json ? `${JSON.stringify(findings, null, 2)}\n` : summary(findings));
  return findings.every(({ verdict }) => verdict !== 'failed');
}

async function* findingsOf(options: DoctorOptions): AsyncGenerator<Finding, void> {
  const { url, config, folder, register } = options;
  const running = await findBridges(folder);
  const bridge = url === undefined ? onlyOne(running) : undefined;
  let isConfigured = false;
  if (url === undefined || config !== undefined)
    for await (const finding of examineConfigured(options)) {
      isConfigured = true;
      yield finding;
    }
  if (bridge) yield* examineStarted(bridge.local);
  const address = url ?? bridge?.url;
  if (address !== undefined) yield* examine(address, { token: tokenFor(address, running, options), register });
  else if (isConfigured) yield findingOf('bridge', 'Bridge', skipped(NONE_RUNS, `Start it, or name it: ${EXAMPLE}`));
  else throw new BridgeError('USAGE', `${NONE_RUNS}, and there is no config file; say what to examine: ${EXAMPLE}`);
}

const NONE_RUNS = 'no bridge that links clients or has a tunnel is running';
const EXAMPLE = 'mcp-bridge doctor http://127.0.0.1:8000/mcp';

function onlyOne(running: readonly Running[]): Running | undefined {
  if (running.length <= 1) return running[0];
  const choices = running.map(({ url }) => `  mcp-bridge doctor ${url}`).join('\n');
  throw new BridgeError('USAGE', `several bridges run; say which one is meant:\n${choices}`);
}

/** The bridge's own token is for the owner's bridges. Whatever else is examined gets only what was given for it. */
function tokenFor(url: string, running: readonly Running[], { token, env }: DoctorOptions): string | undefined {
  const { origin } = new URL(url);
  const isOwn = isLoopbackUrl(url) || running.some((bridge) => new URL(bridge.url).origin === origin);
  if (token !== undefined || !isOwn || !env.MCP_BRIDGE_TOKEN) return token;
  // What cannot be sent would be quoted by whoever refuses to send it.
  return parseAs('MCP_BRIDGE_TOKEN', ANY_TOKEN, env.MCP_BRIDGE_TOKEN);
}

const SIGNS: Readonly<Record<Verdict, string>> = { ok: '✓', warning: '!', failed: '✗', skipped: '·' };

function inWords({ verdict, title, detail, advice, ms }: Finding): string {
  const line = `${SIGNS[verdict]} ${title}: ${detail}${ms === undefined ? '' : ` (${ms} ms)`}\n`;
  return advice === undefined ? line : `${line}    ${advice}\n`;
}

function summary(findings: readonly Finding[]): string {
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  const [failures, warnings] = [count('failed'), count('warning')];
  const hint = warnings === 0 ? '' : `, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
  return `\n${failures === 0 ? 'Nothing failed' : `${failures} of ${findings.length} checks failed`}${hint}.\n`;
}
