/** How large JSON may be. */
export interface Extent {
  /** Arrays and objects inside of one another. */
  readonly levels: number;
  /** Characters of its text, roughly. */
  readonly characters: number;
}

/** Whether a JSON value is larger than that. It stops looking as soon as it is, and is at home with what occurs in many places. */
export function exceeds(value: unknown, { levels, characters }: Extent): boolean {
  const rest: { value: unknown; level: number }[] = [{ value, level: 1 }];
  let size = 0;
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    size += lengthOf(next.value);
    if (size > characters) return true;
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.level > levels) return true;
    for (const [key, member] of Object.entries(next.value)) {
      size += Array.isArray(next.value) ? 1 : key.length + 4;
      rest.push({ value: member, level: next.level + 1 });
    }
  }
  return false;
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  return typeof value === 'object' ? 2 : String(value).length;
}
