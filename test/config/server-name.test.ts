import { describe, expect, it } from 'vitest';
import { nameOfCommand } from '../../src/config/server-name.ts';

describe('nameOfCommand', () => {
  it.each([
    ['npx -y @modelcontextprotocol/server-memory@1', 'memory'],
    ['npx -y some-server', 'some'],
    ['npx --package=x --yes chrome-devtools-mcp@latest', 'chrome-devtools'],
    ['npx -y @playwright/mcp@latest', 'playwright'],
    ['npx -p typescript @upstash/context7-mcp', 'context7'],
    ['npm exec -y mcp-server-kubernetes', 'kubernetes'],
    ['pnpm dlx @scope/mcp-weather-server', 'weather'],
    ['/usr/bin/bunx github-mcp-server', 'github'],
    ['uvx mcp-server-git', 'git'],
    ['uvx --from git+https://github.com/oraios/serena serena start-mcp-server', 'serena'],
    ['uvx mcp-server-fetch==2025.4.7', 'fetch'],
    ['uv --directory /home/ada/weather run weather.py', 'weather'],
    ['python -m mcp_server_time --local-timezone UTC', 'time'],
    ['python3.12 /srv/notes/server.py', 'notes'],
    ['node ./x/my-server.js', 'my-server'],
    ['node --import tsx src/files.ts', 'files'],
    ['node node_modules/@modelcontextprotocol/server-everything/dist/index.js', 'everything'],
    ['C:\\tools\\my-server.exe --port 1', 'my-server'],
    ['cmd /c npx -y mcp-remote', 'remote'],
    ['docker run -i --rm ghcr.io/x/y:1', 'y'],
    ['docker run -i --rm -e TOKEN -v /a:/b --name=n mcp/brave-search@sha256:abc', 'brave-search'],
    ['deno run -A jsr:@scope/mcp-notes', 'notes'],
    ['node dist/index.js', 'index'],
    ['node', 'node'],
    ['/', 'server'],
    ['./ünïcode', 'n-code'],
  ])('%s is %s', (line, name) => {
    expect(nameOfCommand(line.split(' '))).toBe(name);
  });
});
