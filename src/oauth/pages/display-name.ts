/** Longer names are cut; those of real clients have about ten characters. */
const LONGEST_NAME = 80;

/** The name a client gave itself, fit to be shown on a page or in a terminal: one line, at most 80 characters, never empty. */
export function displayName(name: string): string {
  return displayText(name, LONGEST_NAME) || 'A client without a name';
}

/**
 * A stranger's text in one line of at most so many code points, an ellipsis included. What has no picture of its own is
 * taken out: controls, marks that turn the direction of writing, characters of no width.
 */
export function displayText(text: string, longest: number): string {
  const characters = [...withoutInvisible(text)];
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest - 1).join('')}…`;
}

function withoutInvisible(text: string): string {
  return (
    text
      .replace(/\p{Cc}+/gu, ' ')
      .replace(/[\p{C}\p{Default_Ignorable_Code_Point}]/gu, '')
      // No script piles up more on one letter; those who do cover the lines above and below.
      .replace(/(\p{M}{3})\p{M}+/gu, '$1')
      // The empty Braille pattern is a symbol to Unicode, and blank to the eye.
      .replace(/[\s\u2800]+/g, ' ')
      .trim()
  );
}
