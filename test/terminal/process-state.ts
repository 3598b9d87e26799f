import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';

/** As `ps` says it of a process that the terminal belongs to, and of one that it does not. */
export const FOREGROUND = 'echo Ss+';
export const BACKGROUND = 'echo S';

/** Has a shell script stand in for `ps`, until the test unstubs the environment. */
export async function stubProcessState(script: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-ps-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'ps'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', folder);
}
