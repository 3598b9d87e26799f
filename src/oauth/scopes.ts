/** All tools. */
export const SCOPE_ALL = 'mcp';
/** Only tools that are marked read-only. */
export const SCOPE_READ = 'mcp:read';
/** Asked for by clients that want to be refreshed; here all are. */
const SCOPE_OFFLINE = 'offline_access';

/** What protected resources speak of. */
export const RESOURCE_SCOPES = [SCOPE_ALL, SCOPE_READ];
/** What may be asked for at `/authorize`. None of OpenID Connect's: some clients ask for all that they find. */
export const SCOPES = [...RESOURCE_SCOPES, SCOPE_OFFLINE];

/** Whether a request for these scopes is for no more than reading. One that says nothing asks for all. */
export function asksToReadOnly(scope: string | undefined): boolean {
  const scopes = scope?.split(' ') ?? [];
  return scopes.includes(SCOPE_READ) && !scopes.includes(SCOPE_ALL);
}

export function scopeOf({ readOnly }: { readonly readOnly: boolean }): string {
  return readOnly ? SCOPE_READ : SCOPE_ALL;
}
