import { codeOf } from './state-error.ts';

/** Whether there is a process of that id. It may be a later one than the one that is meant. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM'; // It is there, and another user's.
  }
}
