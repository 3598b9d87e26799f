import { describe, expect, it } from 'vitest';
import { CLI } from '../support/bridge.ts';
import { fixtureLine } from '../support/fixtures.ts';
import { openStdio, type RawStdio } from '../support/raw-stdio.ts';
import { createStatelessStdio, questionsOf, withResponses } from '../support/stateless.ts';
import { MCP, REVISION_2026 } from '../support/stateless-request.ts';

const OPENING = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
const YES = { action: 'accept', content: { answer: 'yes' } };

function startStdioBridge(era: string): RawStdio {
  const server = fixtureLine('eras-server', '--era', era);
  const args = [CLI, '--output-transport', 'stdio', '--log-level', 'error', '--stdio', server];
  return openStdio({ command: process.execPath, args });
}

describe.each(['2025', '2026'])('over stdio, with a server of %s, a client of 2026', (era) => {
  it('needs no opening', async () => {
    await using bridge = startStdioBridge(era);
    const { result } = await createStatelessStdio(bridge).call('echo', { message: 'hello' });
    expect(result).toMatchObject({ resultType: 'complete', structuredContent: { message: 'hello' } });
  });

  it('may share the stream with a session', async () => {
    await using bridge = startStdioBridge(era);
    const client = createStatelessStdio(bridge);
    const listed = client.request('tools/list', {}, { id: 'stateless' });
    const opened = JSON.parse(await bridge.request('initialize', OPENING));
    expect(opened.result.protocolVersion).toBe('2025-06-18');
    bridge.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    expect((await listed).result?.resultType).toBe('complete');
    expect(JSON.parse(await bridge.request('tools/list')).result).not.toHaveProperty('resultType');
    expect((await client.call('pid', {}, { id: 'later' })).result?.resultType).toBe('complete');
  });

  it('is asked with a result, and answers with its next attempt', async () => {
    await using bridge = startStdioBridge(era);
    const client = createStatelessStdio(bridge, { capabilities: { elicitation: {} } });
    const params = { name: 'ask', arguments: { kind: 'elicitation', message: 'How?' } };
    const asked = await client.request('tools/call', params);
    const [key = ''] = Object.keys(questionsOf(asked) ?? {});
    const answered = await client.request('tools/call', withResponses(params, asked, { [key]: YES }));
    expect(answered.result?.structuredContent).toEqual(YES);
  });

  it('gives a request up with a notification, and hears nothing more of it', async () => {
    await using bridge = startStdioBridge(era);
    const client = createStatelessStdio(bridge);
    const hanging = await client.open(
      'tools/call',
      { name: 'hang', arguments: { label: 'x' } },
      { meta: { progressToken: 1 } },
    );
    await hanging.next();
    hanging.close();
    const cancelled = async () => (await client.call('cancelled')).result?.structuredContent;
    await expect.poll(cancelled).toEqual({ cancelled: [{ name: 'hang', arguments: { label: 'x' } }] });
    expect(bridge.lines().some((line) => JSON.parse(line).id === hanging.id)).toBe(false);
  });

  it('is told what is wrong with a request, as over HTTP', async () => {
    await using bridge = startStdioBridge(era);
    const client = createStatelessStdio(bridge);
    const codeOf = async (method: string, meta = {}) => (await client.request(method, {}, { meta })).error?.code;
    expect(await codeOf('tools/list', { [`${MCP}protocolVersion`]: '2030-01-01' })).toBe(-32022);
    expect(await codeOf('tools/list', { [`${MCP}clientCapabilities`]: undefined })).toBe(-32602);
    expect(await codeOf('resources/subscribe')).toBe(-32601);
    const { result } = await client.request('server/discover');
    expect(result?.supportedVersions).toContain(REVISION_2026);
  });
});
