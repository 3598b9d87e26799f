import { type ExamineOptions, examine } from '../../src/doctor/examine.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { type ServerOptions, startServer, TOKEN } from './exemplary-server.ts';

/** All that is found at a URL. */
export async function findingsAt(url: string, options?: ExamineOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of examine(url, options)) findings.push(finding);
  return findings;
}

/** All that is found at a server that was made for it, with the token that it takes. */
export async function findingsOf(server: ServerOptions, options: ExamineOptions = {}): Promise<Finding[]> {
  await using started = await startServer(server);
  return await findingsAt(started.url, { ...(server.isGuarded && { token: TOKEN }), ...options });
}

/** The verdicts by their checks, without those that are `ok`. */
export function complaints(findings: readonly Finding[]): Record<string, string> {
  const found = findings.filter(({ verdict }) => verdict !== 'ok');
  return Object.fromEntries(found.map(({ check, verdict }) => [check, verdict]));
}
