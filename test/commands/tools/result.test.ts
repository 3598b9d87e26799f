import { describe, expect, it } from 'vitest';
import { describeError, describeResult, saysItFailed } from '../../../src/commands/tools/result.ts';

const text = (value: string) => ({ type: 'text', text: value });
const PIXEL = Buffer.alloc(1024).toString('base64');

describe('a result', () => {
  it.each([
    { what: 'its text', result: { content: [text('a\tb ')] }, said: 'a\tb \n' },
    { what: 'its texts on lines of their own', result: { content: [text('a\n'), text('b')] }, said: 'a\nb\n' },
    {
      what: 'its text alone, where there is structured content as well',
      result: { content: [text('{"a":1}')], structuredContent: { a: 1 } },
      said: '{"a":1}\n',
    },
    {
      what: 'its structured content, where there is no text',
      result: { content: [], structuredContent: { a: [1] } },
      said: '{\n  "a": [\n    1\n  ]\n}\n',
    },
    {
      what: 'type and size of an image',
      result: { content: [{ type: 'image', mimeType: 'image/png', data: PIXEL }] },
      said: '[image image/png, 1,024 bytes]\n',
    },
    {
      what: 'where an embedded resource is from, and its size',
      result: {
        content: [{ type: 'resource', resource: { uri: 'file:///a', mimeType: 'text/plain', text: 'grüße' } }],
      },
      said: '[resource text/plain file:///a, 7 bytes]\n',
    },
    {
      what: 'where an embedded binary is from, and its size',
      result: { content: [{ type: 'resource', resource: { uri: 'file:///a', blob: PIXEL } }] },
      said: '[resource file:///a, 1,024 bytes]\n',
    },
    {
      what: 'where a link leads, and the size it tells',
      result: { content: [{ type: 'resource_link', uri: 'file:///a', name: 'a', size: 2048 }] },
      said: '[resource_link file:///a, 2,048 bytes]\n',
    },
    { what: 'the type of what it does not know', result: { content: [{ type: 'video' }] }, said: '[video]\n' },
    { what: 'nothing, where there is nothing', result: { content: [] }, said: '' },
    { what: 'all of what is not the result of a tool', result: { task: 1 }, said: '{\n  "task": 1\n}\n' },
    { what: 'content that is no list as nothing', result: { content: 'x' }, said: '' },
  ])('is shown as $what', ({ result, said }) => {
    expect(describeResult(result)).toBe(said);
  });

  it('failed where it says so', () => {
    expect(saysItFailed({ content: [], isError: true })).toBe(true);
    for (const result of [{ content: [] }, { isError: 'yes' }, null]) expect(saysItFailed(result)).toBe(false);
  });
});

describe('an error', () => {
  it('is shown by its message, or whole where it has none', () => {
    expect(describeError({ code: -32000, message: 'no' })).toBe('no');
    expect(describeError({ code: -32000 })).toBe('{\n  "code": -32000\n}');
  });
});
