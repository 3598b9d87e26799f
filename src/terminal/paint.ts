import { styleText } from 'node:util';

/** Gives a text a colour, or leaves it as it is where there are none. */
export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

export function createPaint(hasColors: boolean): Paint {
  // Not validated: newer versions of Node would ask whether stdout has colours, and this goes to stderr.
  return (format, text) => (hasColors ? styleText(format, text, { validateStream: false }) : text);
}
