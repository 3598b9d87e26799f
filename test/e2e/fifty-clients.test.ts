import { ProgressNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, it } from 'vitest';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { connectHttp } from '../support/clients.ts';
import { fixture } from '../support/fixtures.ts';
import { createStatelessClient } from '../support/stateless.ts';
import { MCP } from '../support/stateless-request.ts';

const CLIENTS = 50;
const SERVERS = ['old', 'new'];
const STEPS = 5;

/** A client and what has ever come to it. */
interface Visitor {
  readonly name: string;
  /** Has a server ask it, and resolves with what the server made of the answer. */
  ask(server: string, message: string): Promise<unknown>;
  /** Has a server report progress and log, and resolves with the progress that came. `when` tells one such call from another. */
  work(server: string, when: string): Promise<unknown[]>;
  /** Every question, log message and step. */
  readonly heard: string[];
  close(): Promise<void>;
}

/** Makes all wait until there are as many as are expected. */
function createBarrier(expected: number): { arrive(): Promise<void>; readonly full: Promise<void> } {
  let arrived = 0;
  let open = (): void => {};
  const full = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    full,
    arrive() {
      arrived += 1;
      if (arrived === expected) open();
      return full;
    },
  };
}

/** All use the same ids and tokens, as they know nothing of each other. */
async function visitWithSession(bridge: Bridge, name: string, before: () => Promise<void>): Promise<Visitor> {
  const heard: string[] = [];
  const { client, inbox, close } = await connectHttp(bridge.url, {
    name,
    async elicit(message) {
      heard.push(message);
      await before();
      return { action: 'accept', content: { answer: `${name} on ${message}` } };
    },
  });
  await client.setLoggingLevel('info');
  const progress: { progressToken: unknown; message?: string | undefined }[] = [];
  // Not `onprogress`, which SDK v1 forgets when the result arrives in the same chunk.
  client.setNotificationHandler(ProgressNotificationSchema, ({ params }) => void progress.push(params));
  return {
    name,
    get heard() {
      const logged = inbox.notifications.filter(({ method }) => method === 'notifications/message');
      const words = [...logged.map(({ params }) => params?.data), ...progress.map(({ message }) => message)];
      return [...heard, ...words.map(String)];
    },
    async ask(server, message) {
      return (await client.callTool({ name: `${server}__ask`, arguments: { kind: 'elicitation', message } }))
        .structuredContent;
    },
    async work(server, when) {
      const progressToken = `${server} ${when}`;
      const args = { steps: STEPS, label: `${when} ${name}` };
      await client.callTool({ name: `${server}__progress`, arguments: args, _meta: { progressToken } });
      return progress.filter((params) => params.progressToken === progressToken).map(({ message }) => message);
    },
    close,
  };
}

function visitWithout(bridge: Bridge, name: string, before: () => Promise<void>): Visitor {
  const heard: string[] = [];
  const client = createStatelessClient(bridge.url, { name, capabilities: { elicitation: {} } });
  // What says that nothing can be asked goes to the process that all such calls share.
  const worker = createStatelessClient(bridge.url, { name });
  return {
    name,
    heard,
    async ask(server, message) {
      const params = { name: `${server}__ask`, arguments: { kind: 'elicitation', message } };
      const called = await client.callWithAnswers(
        'tools/call',
        params,
        async (question) => {
          heard.push(String(question.params?.message));
          await before();
          return { action: 'accept', content: { answer: `${name} on ${question.params?.message}` } };
        },
        { id: 1 },
      );
      return called.result?.structuredContent ?? called.error;
    },
    async work(server, when) {
      const meta = { progressToken: `${server} ${when}`, [`${MCP}logLevel`]: 'info' };
      const args = { steps: STEPS, label: `${when} ${name}` };
      const { frames } = await worker.call(`${server}__progress`, args, { id: 1, meta });
      const logged = frames.filter(({ method }) => method === 'notifications/message');
      heard.push(...logged.map(({ params }) => String(params?.data)));
      return frames.flatMap(({ method, params }) => (method === 'notifications/progress' ? params?.message : []));
    },
    close: async () => {},
  };
}

it('fifty clients of both eras, each asked by servers of both at once, never hear of each other', async () => {
  const entry = (name: string, era: string) => ({
    ...fixture('eras-server', '--era', era, '--name', name),
    maxLinks: CLIENTS + 1,
  });
  await using bridge = await startBridge([], {
    config: { mcpServers: { old: entry('old', '2025'), new: entry('new', '2026') } },
  });
  const { arrive, full } = createBarrier(CLIENTS * SERVERS.length);
  const visitors = await Promise.all(
    Array.from({ length: CLIENTS }, (_, index) => {
      const visit = index % 2 === 0 ? visitWithSession : visitWithout;
      return visit(bridge, `visitor ${index};`, arrive);
    }),
  );

  await Promise.all(
    visitors.map(async ({ name, ask, work }) => {
      const message = (server: string) => `${server} to ${name}`;
      const asked = SERVERS.map((server) => ask(server, message(server)));
      const worked = Promise.all(SERVERS.map((server) => work(server, 'before')));
      const early = asked.map(async (answer) =>
        Promise.reject(new Error(`Not asked: ${JSON.stringify(await answer)}`)),
      );
      await Promise.race([full, ...early]);
      // Nobody answers before everybody was asked; from here on all answers are under way while others still work.
      const later = Promise.all(SERVERS.map((server) => work(server, 'after')));
      expect(await Promise.all(asked)).toEqual(
        SERVERS.map((server) => ({ action: 'accept', content: { answer: `${name} on ${message(server)}` } })),
      );
      expect(await worked).toEqual(SERVERS.map(() => Array(STEPS).fill(`before ${name}`)));
      expect(await later).toEqual(SERVERS.map(() => Array(STEPS).fill(`after ${name}`)));
    }),
  );

  for (const { name, heard } of visitors) for (const words of heard) expect(words).toContain(name);
  await Promise.all(visitors.map(({ close }) => close()));
}, 120_000);
