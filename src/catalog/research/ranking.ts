import type { RawJson } from '../../protocol/raw-json.ts';

/**
 * The resources that have words of the query in their name, title, URI or description, the best first. Case and accents make no difference. A
 * query without words is no choice, and gets all of them.
 */
export function ranked(query: string, resources: readonly RawJson[]): readonly RawJson[] {
  const words = wordsOf(query);
  if (words.length === 0) return resources;
  const scored = resources.map((resource) => ({ resource, score: scoreOf(resource, words) }));
  const [best, ...rest] = scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
  if (!best) return [];
  return [best, ...rest.filter(({ score }) => score * FAR_BEHIND >= best.score)].map(({ resource }) => resource);
}

function wordsOf(query: string): string[] {
  const words = [];
  // Knows words also where nothing stands between them. Any locale will do: words are told apart by their script.
  const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
  for (const { segment, isWordLike } of segmenter.segment(folded(query.slice(0, LONGEST_QUERY))))
    if (isWordLike) words.push(segment);
  return [...new Set(words)];
}

/** Longer words say more: `tunnel` shall outweigh `how`, `do` and `the`. */
function scoreOf(resource: RawJson, words: readonly string[]): number {
  const places = PLACES.map(({ member, weight }) => ({ text: folded(readable(resource, member)), weight }));
  return words.reduce((sum, word) => {
    const place = places.find(({ text }) => text.includes(word));
    return sum + (place ? place.weight * word.length : 0);
  }, 0);
}

function readable(resource: RawJson, member: string): string {
  const text = resource.string(member) ?? '';
  try {
    return member === 'uri' ? decodeURIComponent(text) : text;
  } catch {
    return text; // A URI that escapes something else than UTF-8.
  }
}

/** Without case, accents, and the several ways to write one character. */
function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Where words are looked for, the most telling place first. */
const PLACES = [
  { member: 'title', weight: 4 },
  { member: 'name', weight: 4 },
  { member: 'uri', weight: 2 },
  { member: 'description', weight: 1 },
];
/** What scores so many times less than the best is there by chance. */
const FAR_BEHIND = 6;
/** Characters that are read. */
const LONGEST_QUERY = 1000;
