import type { GrantsAction } from '../config/subcommands.ts';
import { BridgeError } from '../errors.ts';
import { expiryOf, Grants } from '../oauth/grants.ts';
import { grantsFile } from '../oauth/owner.ts';
import { describeRedirect } from '../oauth/redirect-uri.ts';
import type { Grant } from '../oauth/state.ts';
import { OAuthStore } from '../oauth/store.ts';
import { alignColumns } from '../terminal/table.ts';
import type { CommandOutput } from './output.ts';

/**
 * `mcp-bridge grants`: who is linked, and an end to it. Bridges that run notice within a second.
 * @throws BridgeError when the file cannot be used, or an id is none.
 */
export async function grants(command: GrantsAction, folder: string, { write }: CommandOutput): Promise<void> {
  const store = await OAuthStore.open(grantsFile(folder));
  try {
    const granted = new Grants(store);
    if (command.kind === 'revoke') write(await revoke(granted, command.ids));
    else if (command.json) write(`${JSON.stringify(granted.all.map(describe), null, 2)}\n`);
    else write(table(granted.all));
  } finally {
    store.close();
  }
}

async function revoke(granted: Grants, ids: readonly string[] | 'all'): Promise<string> {
  const unknown = ids === 'all' ? [] : ids.filter((id) => granted.all.every((grant) => grant.id !== id));
  if (unknown.length > 0)
    throw new BridgeError('USAGE', `no client is linked as ${unknown.join(', ')}; mcp-bridge grants ls shows all`);
  const ended = await granted.revokeIds(ids);
  if (ended.length === 0) return 'No client is linked.\n';
  return ended.map(({ id, clientName }) => `${id}  ${clientName} is not linked any more\n`).join('');
}

/** What may be known of a grant. */
function describe(grant: Grant) {
  const { id, clientName: client, redirectUri, resource, readOnly, createdAt, refresh } = grant;
  return {
    id,
    client,
    redirect: describeRedirect(redirectUri),
    resource,
    access: readOnly ? 'read-only' : 'all',
    linked: new Date(createdAt).toISOString(),
    refreshed: new Date(refresh.issuedAt).toISOString(),
    expires: new Date(expiryOf(grant)).toISOString(),
  };
}

function table(all: readonly Grant[]): string {
  if (all.length === 0) return 'No client is linked. To link one: mcp-bridge pair\n';
  const rows = all.map((grant) => {
    const { id, client, redirect, resource, access, linked, expires } = describe(grant);
    return [id, `${client} (${redirect})`, access, day(linked), day(expires), resource];
  });
  return alignColumns([['ID', 'Client', 'Access', 'Linked', 'Expires', 'Resource'], ...rows])
    .map((line) => `${line}\n`)
    .join('');
}

function day(time: string): string {
  return time.slice(0, 'YYYY-MM-DD'.length);
}
