import type { Exceptions } from './cell.ts';

/** Whatever the server speaks. */
export const OF_2026: Exceptions = {
  'tasks-status-notifications': { fails: 'no check succeeded', because: 'the suite skips it' },
};

/** What is different with a server of 2025, whose questions come while it works and have no names. */
export const OF_2026_WITH_SERVER_OF_2025: Exceptions = {
  ...OF_2026,
  'input-required-result-basic-elicitation': {
    fails: 'inputRequests missing expected key "user_name"',
    because: 'a question of 2025 has no key of its own',
  },
  'input-required-result-ignore-extra-params': {
    warns: 'Server did not return complete result when valid inputResponses were provided alongside extra keys',
    because: 'it answers under such a key before it was asked',
  },
  'tasks-required-task-error': {
    fails: 'returned a successful response from a client that did not declare',
    because: 'the bridge waits for the task in the place of a client that knows none',
  },
};
