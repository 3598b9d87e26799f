import { expect, it } from 'vitest';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { ToolDefinitions } from '../../src/relay/tool-definitions.ts';

const tool = (name: string, more = '') => RawJson.parse(`{"name":"${name}"${more}}`);

it('knows what each server has said of its tools, page by page, and the newest counts', () => {
  const definitions = new ToolDefinitions();
  definitions.learn('files', [tool('read'), tool('write')]);
  definitions.learn('files', [tool('erase'), tool('read', ',"x":1.0')]);
  definitions.learn('search', [tool('read', ',"y":1')]);
  expect(definitions.of('files', 'read')?.text).toBe('{"name":"read","x":1.0}');
  expect(definitions.of('search', 'read')?.get('y')).toBe(1);
  expect(['write', 'erase'].map((name) => definitions.of('files', name)?.get('name'))).toEqual(['write', 'erase']);
  for (const name of ['other', '', 'constructor', '__proto__']) expect(definitions.of('files', name)).toBeUndefined();
});

it('knows whether it knows all, until a server says that this has changed', () => {
  const definitions = new ToolDefinitions();
  definitions.learn('files', [tool('read')]);
  definitions.learn('search', [tool('read')]);
  expect(definitions.isComplete('files')).toBe(false);
  for (const server of ['files', 'search']) definitions.complete(server);
  definitions.forget('files');
  expect(['files', 'search'].map((server) => definitions.isComplete(server))).toEqual([false, true]);
  expect(['files', 'search'].map((server) => definitions.of(server, 'read')?.get('name'))).toEqual([undefined, 'read']);
});

it('does not know all of a server that could not tell', () => {
  const definitions = new ToolDefinitions();
  definitions.complete('files');
  expect([definitions.hasAll('files'), definitions.lacks('files', 'read')]).toEqual([false, false]);
  definitions.learn('files', []);
  expect([definitions.hasAll('files'), definitions.lacks('files', 'read')]).toEqual([true, true]);
});

it('passes over what a server said before its list changed', () => {
  const definitions = new ToolDefinitions();
  const [files, search] = [definitions.edition('files'), definitions.edition('search')];
  definitions.forget('files');
  definitions.learn('files', [tool('read')], files);
  definitions.learn('search', [tool('read')], search);
  expect([definitions.of('files', 'read'), definitions.of('search', 'read')?.get('name')]).toEqual([undefined, 'read']);
});

it('has what a server said of a tool last, until it tells another list', () => {
  const definitions = new ToolDefinitions();
  const last = () => ['read', 'write'].map((name) => definitions.lastOf('files', name)?.get('name'));
  definitions.learn('files', [tool('read')]);
  expect(last()).toEqual(['read', undefined]);
  for (const _ of ['it changes', 'and again']) definitions.forget('files');
  definitions.complete('files');
  expect([last(), definitions.of('files', 'read')]).toEqual([['read', undefined], undefined]);
  definitions.learn('files', [tool('write')]);
  expect(last()).toEqual([undefined, 'write']);
});

it('does not mind a tool without a name', () => {
  const definitions = new ToolDefinitions();
  definitions.learn('files', [RawJson.parse('{}'), RawJson.parse('7'), tool('read')]);
  expect(definitions.of('files', 'read')).toBeDefined();
});
