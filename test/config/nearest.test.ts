import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/config/nearest.ts';

describe('nearest', () => {
  it.each([
    ['prot', 'port', 'a swap'],
    ['tols', 'tools', 'a missing letter'],
    ['agrs', 'args', 'a swap'],
    ['commmand', 'command', 'a letter too many'],
    ['evn', 'env', 'a short word'],
    ['START_TIMEOUT', 'startTimeout', 'case and underscores'],
    ['outputtransprot', 'outputTransport', 'a long word'],
  ])('takes %s for %s: %s', (word, meant) => {
    expect(nearest(word, ['host', 'port', 'tools', 'args', 'command', 'env', 'startTimeout', 'outputTransport'])).toBe(
      meant,
    );
  });

  it.each(['frobnicate', 'x', 'tags', ''])('takes %j for nothing', (word) => {
    expect(nearest(word, ['port', 'args', 'env', 'cwd'])).toBeUndefined();
  });
});
