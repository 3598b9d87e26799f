import { expect, it } from 'vitest';
import { isSevereEnough, SEVERITIES } from '../../src/protocol/severity.ts';

it('wants a log message from its level on', () => {
  expect(SEVERITIES.filter((level) => isSevereEnough(level, 'error'))).toEqual([
    'error',
    'critical',
    'alert',
    'emergency',
  ]);
  expect(SEVERITIES.filter((level) => isSevereEnough(level, 'debug'))).toEqual([...SEVERITIES]);
});

it('wants all of them while nobody said, and those whose level nobody knows', () => {
  expect(SEVERITIES.every((level) => isSevereEnough(level, undefined))).toBe(true);
  for (const level of ['trace', 7, undefined]) expect(isSevereEnough(level, 'emergency')).toBe(true);
});

it('wants all of them when the least level is unknown', () => {
  expect(SEVERITIES.every((level) => isSevereEnough(level, 'loud'))).toBe(true);
});
