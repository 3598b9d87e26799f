// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { describe, expect, it } from 'vitest';
import { folderWith, resolve } from './resolve.ts';

const BARE = { parameter: undefined, arguments: {}, fields: {} };

describe('research', () => {
  it('takes the name of a tool for all there is to say', async () => {
    expect(await researchWith({ search: 'docs__query', fetch: 'resources' })).toEqual({
      origin: 'mcp-bridge.json: bridge.research',
      search: { ...BARE, tool: 'docs__query' },
      fetch: { ...BARE, tool: undefined },
    });
  });

  it('takes an object with more about it', async () => {
    const fields = { results: 'data.items', id: 'path', title: 'name', text: 'body', url: 'link', metadata: 'more' };
    const search = { tool: 'docs__query', parameter: 'q', arguments: { token: '${TOKEN}', limit: 10 }, fields };
    const research = await researchWith({ search, fetch: { tool: 'docs__get' } });
    expect(research?.search).toEqual({ ...search, arguments: { token: 'secret', limit: 10 } });
    expect(research?.fetch).toEqual({ ...BARE, tool: 'docs__get' });
  });

  it('says where a variable is that is not set', async () => {
    const fetch = { tool: 'docs__get', arguments: { token: '${NOBODY}' } };
    await expect(researchWith({ search: 'docs__query', fetch })).rejects.toThrow(
      /^mcp-bridge\.json: bridge\.research\.fetch\.arguments\.token: the variable NOBODY is not set; /,
    );
  });
});

async function researchWith(research: object) {
  const cwd = await folderWith({ mcpServers: { docs: { command: 'x' } }, bridge: { research } });
  return (await resolve([], { cwd, env: { TOKEN: 'secret' } })).settings.research;
}
