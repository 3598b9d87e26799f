import { describe, expect, it } from 'vitest';
import { folderWith, resolve } from './resolve.ts';

const FILES = 'mcp-bridge.json: mcpServers.files: no tool can be shown, as the filters ask for';
const VIEW = 'mcp-bridge.json: bridge.views.docs';

describe('a start warns', () => {
  it.each([
    [{ readOnly: true, destructive: true }, {}, [], `${FILES} readOnly true and destructive true`],
    [{ readOnly: false }, { tools: { readOnly: true } }, [], `${FILES} readOnly true and readOnly false`],
    [{ readOnly: false }, {}, ['--read-only'], `${FILES} readOnly true and readOnly false`],
    [{ openWorld: true }, { tools: { openWorld: false } }, [], `${FILES} openWorld true and openWorld false`],
    [
      {},
      { views: { docs: { tools: { destructive: true } } } },
      ['--read-only'],
      `${VIEW}: no tool can be shown, as the filters ask for readOnly true and destructive true`,
    ],
    [{}, { views: { docs: { research: true } } }, [], `${VIEW}.research has no effect without bridge.research`],
  ])('of tools %j with bridge %j and %j', async (tools, bridge, argv, warning) => {
    const cwd = await folderWith({ mcpServers: { files: { command: 'x', tools } }, bridge });
    expect((await resolve(argv, { cwd })).warnings).toEqual([warning]);
  });

  it('of nothing that some tool can be', async () => {
    const tools = { readOnly: true, destructive: false, openWorld: false };
    const research = { search: 'query', fetch: 'get' };
    const views = { docs: { tools, research: true }, write: { tools: {} } };
    const cwd = await folderWith({ mcpServers: { files: { command: 'x', tools } }, bridge: { views, research } });
    expect((await resolve(['--read-only'], { cwd })).warnings).toEqual([]);
  });
});
