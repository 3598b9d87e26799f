import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Bridge } from '../bridge/bridge.ts';

export interface ConsentPromptOptions {
  readonly input: NodeJS.ReadStream;
  readonly bridge: Pick<Bridge, 'pairing' | 'openPairing'>;
  print(text: string): void;
}

/** Takes the owner's word in the terminal: the number of a request allows it, `pair` shows a new code. Returns what ends that. */
export async function listenToOwner({ input, bridge, print }: ConsentPromptOptions): Promise<() => void> {
  // Who reads from the terminal in the background is stopped by it.
  if (!(await isInForeground())) return () => {};
  const lines = createInterface({ input, terminal: false });
  lines.on('line', (line) => {
    const word = line.trim();
    if (word !== '') print(answerTo(word, bridge));
  });
  return () => lines.close();
}

/** What the owner has to know of a window. */
export function pairingText({ code, expiresAt }: { readonly code: string; readonly expiresAt: Date }): string {
  const until = expiresAt.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return `  Pairing code  ${code}  for one client, until ${until}`;
}

function answerTo(word: string, bridge: ConsentPromptOptions['bridge']): string {
  if (word.toLowerCase() === 'pair') {
    const window = bridge.openPairing();
    return window ? pairingText(window) : '';
  }
  const client = bridge.pairing?.approve(word);
  if (client !== undefined) return `  ${client} is allowed; press Allow on the page`;
  return `  Nobody asks for access under "${word}". Type the number that the page shows, or pair for a new code`;
}

/** Whether the terminal is ours to read from. */
export async function isInForeground(): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(process.pid)]);
    return stdout.includes('+');
  } catch {
    return process.platform === 'win32'; // There are no such groups, and elsewhere it is not worth the risk.
  }
}
