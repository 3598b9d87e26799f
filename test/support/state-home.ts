import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

// What bridges keep that were given no folder of their own: not in the home of whoever runs the tests, nor where other tests find it.
const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-state-'));
process.env.XDG_STATE_HOME = folder;
afterAll(() => rmSync(folder, { recursive: true, force: true }));
