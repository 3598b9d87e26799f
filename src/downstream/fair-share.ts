import { ANYONE, type Principal } from '../protocol/principal.ts';

/** How much of a limit one principal may take, so that the others find room. Where nobody is asked who they are, all of it. */
export function fairShare({ id }: Principal, max: number): number {
  return id === ANYONE.id ? max : Math.max(1, Math.floor(max / SHARES));
}

const SHARES = 4;
