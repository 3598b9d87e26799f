import { expect, it } from 'vitest';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { TaskOwners } from '../../src/relay/task-owners.ts';
import { createClient } from '../upstream/support.ts';
import { playUpstream } from './support.ts';

const created = (taskId: unknown) =>
  RawJson.of({ jsonrpc: '2.0', id: 1, result: { task: { taskId, status: 'working' } } });

it('knows of each task whose it is', () => {
  const owners = new TaskOwners();
  const [files, search] = [playUpstream().upstream, playUpstream().upstream];
  const [one, two] = [createClient('one'), createClient('two')];
  owners.remember(created('a'), files, one);
  owners.remember(created('b'), search, two);
  expect(owners.ownerOf('a')).toEqual({ upstream: files, client: one });
  expect(owners.ownerOf('b')).toEqual({ upstream: search, client: two });
  for (const id of ['c', '', 'constructor']) expect(owners.ownerOf(id)).toBeUndefined();
});

it('passes over answers that create no task', () => {
  const owners = new TaskOwners();
  const { upstream } = playUpstream();
  const texts = [
    '{"result":{}}',
    '{"result":{"task":null}}',
    '{"error":{"code":1,"message":"no"}}',
    '{"result":"task"}',
  ];
  for (const answer of [...texts.map((text) => RawJson.parse(text)), created(undefined), created(7)])
    expect(() => owners.remember(answer, upstream, createClient())).not.toThrow();
  expect(owners.ownerOf('7')).toBeUndefined();
});

it('gives an id that is made again to whoever got it last', () => {
  const owners = new TaskOwners();
  const [files, search] = [playUpstream().upstream, playUpstream().upstream];
  const [one, two] = [createClient('one'), createClient('two')];
  owners.remember(created('1'), files, one);
  owners.remember(created('1'), files, two);
  expect(owners.ownerOf('1')).toEqual({ upstream: files, client: two });
  owners.remember(created('1'), search, one);
  expect(owners.ownerOf('1')).toEqual({ upstream: search, client: one });
});

it('forgets the oldest of more than 10,000', () => {
  const owners = new TaskOwners();
  const { upstream } = playUpstream();
  const client = createClient();
  for (let id = 0; id <= 10_000; id += 1) owners.remember(created(`${id}`), upstream, client);
  expect(owners.ownerOf('0')).toBeUndefined();
  for (const id of ['1', '10000']) expect(owners.ownerOf(id)?.upstream).toBe(upstream);
});
