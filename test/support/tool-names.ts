import type { Inbox } from './inbox.ts';

interface Lister {
  readonly client: { listTools(): Promise<{ tools: { name: string }[] }> };
  readonly inbox: Inbox;
}

const CHANGED = 'notifications/tools/list_changed';

/**
 * The names of the tools once all of `awaited` are among them, as a client finds them that lists again whenever it is told to: servers
 * that take longer than a list waits for come later.
 */
export async function toolNames({ client, inbox }: Lister, awaited: readonly string[]): Promise<string[]> {
  for (;;) {
    const heard = inbox.notifications.filter(({ method }) => method === CHANGED).length;
    const names = (await client.listTools()).tools.map(({ name }) => name);
    if (awaited.every((name) => names.includes(name))) return names;
    await inbox.wait(CHANGED, heard + 1);
  }
}
