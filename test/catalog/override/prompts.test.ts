import { expect, test } from 'vitest';
import { compilePromptOverrides } from '../../../src/catalog/override/prompts.ts';
import { RawJson } from '../../../src/protocol/raw-json.ts';

const RULES = [
  { glob: 'review', origin: 'mcp.json: review', name: 'check', title: 'Check' },
  { glob: 'r*', origin: 'mcp.json: r*', description: { append: 'Short.' } },
];

test('a prompt is described as the owner has it, under its own name', async () => {
  const { names, change } = await compilePromptOverrides(RULES);
  expect([...names]).toEqual([['review', 'check']]);
  const prompt = RawJson.verbatim('{"name":"review","description":"A review.","arguments":[{"name":"n","x":1.0}]}');
  expect(change(prompt).text).toBe(
    '{"name":"review","description":"A review.\\n\\nShort.","arguments":[{"name":"n","x":1.0}],"title":"Check"}',
  );
});

test.each(['{"name":"Review"}', '{"name":7}', '{}', '[]', 'null'])('%s is none that a rule speaks of', async (text) => {
  const { change } = await compilePromptOverrides(RULES);
  const prompt = RawJson.verbatim(text);
  expect(change(prompt)).toBe(prompt);
});

test('rules for prompts that are not there are reported', async () => {
  const { unmatched } = await compilePromptOverrides(RULES);
  expect(unmatched(['rest'])).toEqual([{ glob: 'review', origin: 'mcp.json: review' }]);
});
