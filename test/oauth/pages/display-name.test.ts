import { describe, expect, it } from 'vitest';
import { displayName, displayText } from '../../../src/oauth/pages/display-name.ts';

describe('a name that is shown', () => {
  it.each(['ChatGPT', 'Éditeur de Zoë', 'مساعد', '日本語クライアント', 'ไคลเอ็นต์นี้', '🤖 Robot'])(
    'stays as it is: %s',
    (name) => {
      expect(displayName(name)).toBe(name);
    },
  );

  it.each([
    ['turns the direction of writing', 'Chat\u202eTPG\u2066\u2069\u200f', 'ChatTPG'],
    ['starts a new line', 'ChatGPT\r\n\tVerified\u2028yes', 'ChatGPT Verified yes'],
    ['drives a terminal', 'Chat\u001b[31mGPT\u009b0m', 'Chat [31mGPT 0m'],
    ['has no width', 'Ch\u200ba\u00adt\ufeffG\u2060P\u{e0041}T', 'ChatGPT'],
    ['is blank without being a space', 'Chat\u3164\u115f\u2800GPT', 'Chat GPT'],
    ['is half a character', 'Chat\ud83dGPT', 'ChatGPT'],
    ['is space around it', '  Chat \u00a0 GPT\u3000', 'Chat GPT'],
  ])('loses what %s', (_, name, shown) => {
    expect(displayName(name)).toBe(shown);
  });

  it('piles up no marks over the lines above it', () => {
    expect(displayName(`Z${'\u0310'.repeat(50)}algo`)).toBe(`Z${'\u0310'.repeat(3)}algo`);
  });

  it('has at most 80 characters, none of them cut in half', () => {
    expect(displayName('x'.repeat(80))).toBe('x'.repeat(80));
    expect(displayName('x'.repeat(81))).toBe(`${'x'.repeat(79)}…`);
    expect(displayName('🤖'.repeat(81))).toBe(`${'🤖'.repeat(79)}…`);
  });

  it.each(['', '   ', '\u200b\u202e', '\u3164'])('is never empty', (name) => {
    expect(displayName(name)).toBe('A client without a name');
  });
});

describe('another text that is shown', () => {
  it('may be empty, and is cut to the length that is asked for', () => {
    expect([displayText('\u202e', 5), displayText('12345', 5), displayText('123456', 5)]).toEqual([
      '',
      '12345',
      '1234…',
    ]);
  });
});
