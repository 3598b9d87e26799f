import { BridgeError } from '../errors.ts';
import { type Ask, type Client, capabilityFor, type Exchange, NOBODY } from '../protocol/exchange.ts';
import { RESOURCE_UPDATED } from '../protocol/subscriptions.ts';

/** Whose it is what a server says of its own accord. It names no call, so that follows from whose calls are in flight. Never a guess. */

/**
 * Who a notification is for: a call, as it came while calls of that client alone were in flight; all of the link, as none was, or
 * it says what it is about; or nobody, as it could be several clients'.
 */
export function addresseeOf(method: string, exchanges: readonly Exchange[]): Exchange | 'all' | 'nobody' {
  const inFlight = ofClients(exchanges);
  if (inFlight.length === 0 || isAddressed(method)) return 'all';
  return soleClientsNewest(inFlight) ?? 'nobody';
}

/**
 * Who answers a question: the link's owner, with its newest call if there is one, else the client whose calls alone are in flight.
 * @throws BridgeError when they are several clients'.
 */
export function answererOf(
  { request }: Ask,
  exchanges: readonly Exchange[],
  owner: Client | undefined,
): Pick<Client, 'ask'> | undefined {
  const inFlight = ofClients(exchanges);
  if (owner) return inFlight.findLast(({ client }) => client === owner) ?? owner;
  const newest = soleClientsNewest(inFlight);
  if (!newest && inFlight.length > 0) {
    const message = `${request.method}: calls of several clients are in flight, so whom to ask is unclear`;
    throw new BridgeError('BUSY', message);
  }
  return capabilityFor(request.method) ? newest : undefined;
}

/** Whether a notification names what it is about, or concerns everybody. */
function isAddressed(method: string): boolean {
  return method.endsWith('/list_changed') || method === RESOURCE_UPDATED || method === 'notifications/tasks/status';
}

function soleClientsNewest(inFlight: readonly Exchange[]): Exchange | undefined {
  const newest = inFlight.at(-1);
  return inFlight.every(({ client }) => client === newest?.client) ? newest : undefined;
}

/** The bridge's own requests are in flight too. */
function ofClients(exchanges: readonly Exchange[]): Exchange[] {
  return exchanges.filter(({ client }) => client !== NOBODY);
}
