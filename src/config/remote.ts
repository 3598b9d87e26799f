/** Whether a server, with or without `NAME=`, is given by its URL in place of a command. */
export function isBehindUrl(command: string): boolean {
  return /^\s*(?:[\w.-]+=)?["']?(?:https?|wss?):\/\//i.test(command);
}

export const REMOTE = 'servers behind a URL are not bridged yet; give a command with --stdio';
