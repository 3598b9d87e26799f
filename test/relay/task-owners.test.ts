import { expect, it } from 'vitest';
import { RawJson } from '../../src/protocol/raw-json.ts';
import { TaskOwners } from '../../src/relay/task-owners.ts';
import { principalOf } from '../downstream/support.ts';
import { createClient } from '../upstream/support.ts';
import { playUpstream } from './support.ts';

const created = (taskId: unknown) =>
  RawJson.of({ jsonrpc: '2.0', id: 1, result: { task: { taskId, status: 'working' } } });
const upstreamsOf = (...names: string[]) => names.map((name) => playUpstream({}, { name }).upstream);
const clientOf = (name: string) => createClient(name, { principal: principalOf(name) });

it('knows of each task whose it is, and which server made it', () => {
  const owners = new TaskOwners();
  const [files, search] = upstreamsOf('files', 'search') as [never, never];
  const [one, two] = [clientOf('one'), clientOf('two')];
  owners.remember(created('a'), files, one);
  owners.remember(created('b'), search, two);
  expect([owners.clientOf('a', files), owners.clientOf('b', search)]).toEqual([one, two]);
  expect([owners.clientOf('a', search), owners.clientOf('b', files)]).toEqual([undefined, undefined]);
  expect([owners.upstreamOf('a', one), owners.upstreamOf('b', two)]).toEqual([files, search]);
  expect([owners.upstreamOf('a', two), owners.upstreamOf('b', one)]).toEqual([undefined, undefined]);
  for (const id of ['c', '', 'constructor'])
    expect([owners.clientOf(id, files), owners.upstreamOf(id, one)]).toEqual([undefined, undefined]);
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
  expect(owners.clientOf('7', upstream)).toBeUndefined();
});

it('gives an id that a server makes again to whoever got it last, also where the server was started anew', () => {
  const owners = new TaskOwners();
  const [before, after] = upstreamsOf('files', 'files') as [never, never];
  const [one, two] = [clientOf('one'), clientOf('two')];
  owners.remember(created('1'), before, one);
  owners.remember(created('1'), before, two);
  expect([owners.clientOf('1', before), owners.upstreamOf('1', one)]).toEqual([two, undefined]);
  owners.remember(created('1'), after, one);
  expect([owners.clientOf('1', before), owners.clientOf('1', after)]).toEqual([undefined, one]);
});

it('tells the tasks apart that several servers have called the same', () => {
  const owners = new TaskOwners();
  const [files, search] = upstreamsOf('files', 'search') as [never, never];
  const [one, two] = [clientOf('one'), clientOf('two')];
  owners.remember(created('1'), files, one);
  owners.remember(created('1'), search, two);
  expect([owners.upstreamOf('1', one), owners.upstreamOf('1', two)]).toEqual([files, search]);
  // The same person elsewhere: another client's own task is not in the way of its.
  const again = createClient('again', { principal: principalOf('one') });
  owners.remember(created('1'), search, again);
  expect([one, again].map((client) => owners.upstreamOf('1', client))).toEqual([files, search]);
  const third = createClient('third', { principal: principalOf('one') });
  expect(owners.upstreamOf('1', third)).toBe(search);
});

it('forgets the tasks of a principal, and no others', () => {
  const owners = new TaskOwners();
  const [files, search] = upstreamsOf('files', 'search') as [never, never];
  const [one, two] = [clientOf('one'), clientOf('two')];
  owners.remember(created('1'), files, one);
  owners.remember(created('1'), search, two);
  owners.remember(created('2'), search, one);
  expect(owners.takeOf('one')).toEqual([
    { taskId: '1', upstream: files, client: one },
    { taskId: '2', upstream: search, client: one },
  ]);
  expect([owners.takeOf('one'), owners.clientOf('1', search)]).toEqual([[], two]);
});

it('forgets the oldest of more than 10,000', () => {
  const owners = new TaskOwners();
  const { upstream } = playUpstream();
  const client = createClient();
  for (let id = 0; id <= 10_000; id += 1) owners.remember(created(`${id}`), upstream, client);
  expect(owners.clientOf('0', upstream)).toBeUndefined();
  for (const id of ['1', '10000']) expect(owners.clientOf(id, upstream)).toBe(client);
});
