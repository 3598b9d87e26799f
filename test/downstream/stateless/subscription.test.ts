import { describe, expect, it, vi } from 'vitest';
import { Subscription } from '../../../src/downstream/stateless/subscription.ts';
import { Cancellation } from '../../../src/protocol/cancellation.ts';
import type { Answer, Exchange } from '../../../src/protocol/exchange.ts';
import { errorFrame, notificationFrame, resultFrame } from '../../../src/protocol/message.ts';
import type { Relay } from '../../../src/relay/relay.ts';
import { EVENTUALLY } from '../../support/eventually.ts';
import { createOutlet, createRelay, statelessRequest } from '../support.ts';

const ID = 'io.modelcontextprotocol/subscriptionId';
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const UPDATED = 'notifications/resources/updated';
const CAPABILITIES = { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true } };
const changed = (list: string) => notificationFrame(`notifications/${list}/list_changed`);

interface Act extends Partial<Relay> {
  readonly capabilities?: object;
  readonly id?: string;
}

/** A subscription to what `notifications` says, and what it tells its client. */
function subscribe(notifications: unknown, { capabilities = CAPABILITIES, id = '1', ...changes }: Act = {}) {
  const asked: unknown[] = [];
  const { relay, joined } = createRelay({
    open: async () => resultFrame({ capabilities }),
    async handle({ frame }: Exchange): Promise<Answer> {
      asked.push([frame.string('method'), frame.raw('params')?.value]);
      return resultFrame({});
    },
    ...changes,
  });
  const outlet = createOutlet();
  const cancellation = new Cancellation();
  const request = statelessRequest('subscriptions/listen', { notifications }, { id });
  const subscription = new Subscription({ request, relay, outlet, cancellation });
  const told = () => outlet.sent as { method: string; params: Record<string, unknown> }[];
  const serve = () => {
    const ended = subscription.serve();
    return { ended, acknowledged: vi.waitFor(() => expect(told()[0]?.method).toBe(ACKNOWLEDGED), EVENTUALLY) };
  };
  return { subscription, outlet, told, asked, joined, cancellation, serve };
}

describe('the acknowledgement of a subscription', () => {
  it.each<[unknown, object]>([
    [{}, {}],
    [{ toolsListChanged: true, promptsListChanged: false }, { toolsListChanged: true }],
    [{ toolsListChanged: 1, promptsListChanged: 'true' }, {}],
    // The server does not say that this list can change.
    [{ resourcesListChanged: true }, {}],
    [{ resourceSubscriptions: ['a:1', 'a:2'] }, { resourceSubscriptions: ['a:1', 'a:2'] }],
    [{ resourceSubscriptions: [] }, {}],
    [{ resourceSubscriptions: [7, null, 'a:1', ['a:2']] }, { resourceSubscriptions: ['a:1'] }],
    [{ 'x-unknown': true, promptsListChanged: true }, { promptsListChanged: true }],
  ])('of %j says what is to be had: %j', async (asked, honoured) => {
    const { told, serve } = subscribe(asked);
    await serve().acknowledged;
    expect(told()).toEqual([
      { jsonrpc: '2.0', method: ACKNOWLEDGED, params: { notifications: honoured, _meta: { [ID]: 1 } } },
    ]);
  });

  it('leaves out the resources that the servers refuse', async () => {
    const { told, serve } = subscribe(
      { resourceSubscriptions: ['a:1', 'a:2', 'a:3'] },
      {
        async handle({ frame }) {
          return frame.raw('params')?.get('uri') === 'a:2' ? errorFrame(-32602, 'no') : resultFrame({});
        },
      },
    );
    await serve().acknowledged;
    expect(told()[0]?.params.notifications).toEqual({ resourceSubscriptions: ['a:1', 'a:3'] });
  });

  it('comes before anything else, and what happened meanwhile comes behind it', async () => {
    let answer = (_: Answer) => {};
    const { subscription, told, joined, serve } = subscribe(
      { toolsListChanged: true, resourceSubscriptions: ['a:1'] },
      {
        handle: () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      },
    );
    const { acknowledged } = serve();
    await vi.waitFor(() => expect(joined).toEqual([subscription]), EVENTUALLY);
    const updated = (uri: string) => notificationFrame(UPDATED, { uri });
    for (const frame of [changed('tools'), updated('a:1')]) subscription.send(frame);
    expect(told()).toEqual([]);
    answer(resultFrame({}));
    await acknowledged;
    subscription.send(updated('a:2'));
    expect(told().map(({ method, params }) => params.uri ?? method)).toEqual([
      ACKNOWLEDGED,
      'notifications/tools/list_changed',
      'a:1',
      'a:2',
    ]);
  });
});

describe('a subscription', () => {
  it('tells what was asked for and nothing else, each with its id as the client wrote it', async () => {
    const { subscription, told, asked, serve } = subscribe(
      { toolsListChanged: true, resourceSubscriptions: ['a:1'] },
      { id: '"it\\u0073"' },
    );
    await serve().acknowledged;
    for (const frame of [
      changed('tools'),
      changed('prompts'),
      notificationFrame('notifications/message', { level: 'error', data: 'm' }),
      notificationFrame(UPDATED, { uri: 'a:1', _meta: { own: 1 } }),
    ])
      subscription.send(frame);
    expect(told().slice(1)).toEqual([
      { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { _meta: { [ID]: 'its' } } },
      { jsonrpc: '2.0', method: UPDATED, params: { uri: 'a:1', _meta: { own: 1, [ID]: 'its' } } },
    ]);
    expect(asked).toEqual([['resources/subscribe', { uri: 'a:1' }]]);
  });

  it('without resources tells of none', async () => {
    const { subscription, told, serve } = subscribe({ toolsListChanged: true });
    await serve().acknowledged;
    subscription.send(notificationFrame(UPDATED, { uri: 'a:1' }));
    expect(told()).toHaveLength(1);
  });

  it('is a client that shares a link, listens, and cannot be asked', async () => {
    const { subscription } = subscribe({});
    expect([subscription.tenure, subscription.listens, subscription.capabilities]).toEqual(['none', true, {}]);
  });

  it.each([undefined, null, true, []])('is refused when it is to %j', async (notifications) => {
    const { serve, told, joined } = subscribe(notifications);
    expect((await serve().ended).get('error')).toMatchObject({ code: -32602 });
    expect([told(), joined]).toEqual([[], []]);
  });

  it('is refused when nobody answers here, with the reason', async () => {
    const { subscription, joined } = subscribe({}, { open: async () => errorFrame(-32603, 'files: resting') });
    expect((await subscription.serve()).get('error')).toEqual({ code: -32603, message: 'files: resting' });
    expect(joined).toEqual([]);
  });
});

describe('the end of a subscription', () => {
  it('is said twice when it is the bridge’s, by a notification and by the result', async () => {
    const { subscription, told, serve } = subscribe({}, { id: '7' });
    const { ended, acknowledged } = serve();
    await acknowledged;
    subscription.end();
    expect((await ended).get('result')).toEqual({ _meta: { [ID]: 7 } });
    expect(told().slice(1)).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: 7, reason: 'the subscription has ended', _meta: { [ID]: 7 } },
      },
    ]);
    expect(subscription.closed.reason).toBeDefined();
  });

  it('is not said before it has begun', async () => {
    let open = (_: Answer) => {};
    const { subscription, told, serve } = subscribe(
      {},
      {
        open: () =>
          new Promise((resolve) => {
            open = resolve;
          }),
      },
    );
    const { ended } = serve();
    subscription.end();
    open(resultFrame({ capabilities: {} }));
    expect((await ended).has('result')).toBe(true);
    expect(told().map(({ method }) => method)).toEqual([ACKNOWLEDGED, 'notifications/cancelled']);
  });

  it('comes with the client’s', async () => {
    const { subscription, cancellation, told, serve } = subscribe({});
    const { ended, acknowledged } = serve();
    await acknowledged;
    cancellation.cancel(new Error('gone'));
    await ended;
    expect([subscription.closed.reason?.message, told().length]).toEqual(['gone', 1]);
  });

  it('may be there from the start, when the client has left already', async () => {
    const { outlet, cancellation } = subscribe({});
    cancellation.cancel(new Error('gone'));
    const { relay } = createRelay();
    const request = statelessRequest('subscriptions/listen', { notifications: {} });
    const late = new Subscription({ request, relay, outlet, cancellation });
    expect((await late.serve()).has('result')).toBe(true);
    expect(late.closed.reason?.message).toBe('gone');
  });
});
