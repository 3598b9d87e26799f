import { named } from './reducer.ts';

/** What was done to a schema, for its owner to read. */
export interface Notes {
  readonly note: (change: string, at: string) => void;
  list(): readonly string[];
}

/** A schema that was changed everywhere need not be described. */
const MAX_NOTES = 20;

export function createNotes(): Notes {
  const notes = new Set<string>();
  return {
    note(change, at) {
      notes.add(at === '' ? change : `${change} at ${named(at)}`);
    },
    list() {
      const told = [...notes].slice(0, MAX_NOTES);
      return notes.size > MAX_NOTES ? [...told, `and ${notes.size - MAX_NOTES} more`] : told;
    },
  };
}
