import type { Client } from '../protocol/exchange.ts';
import { type Notification, notificationFrame, withParams } from '../protocol/message.ts';
import { LISTS, RESOURCE_UPDATED } from '../protocol/subscriptions.ts';
import type { Lane } from '../upstream/lanes.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { TaskOwners } from './task-owners.ts';
import type { View } from './view.ts';

/** The clients of a view, who hear what its upstreams announce. */
export class Audience {
  readonly #view: View;
  readonly #tasks: TaskOwners;
  /** With what is done when they are gone. */
  readonly #clients = new Map<Client, () => void>();
  readonly #unlisten: readonly (() => void)[];

  constructor(view: View, tasks: TaskOwners) {
    this.#view = view;
    this.#tasks = tasks;
    this.#unlisten = view.upstreams.map((upstream) =>
      upstream.listen({
        notification: (notification, lane) => this.#announce(upstream, notification, lane),
        up: (lane) => lane !== upstream.sharedLane && this.#announceLists(upstream, lane),
      }),
    );
  }

  /** Stops listening to the servers. Its clients are somebody else's from then on. */
  close(): void {
    for (const unlisten of this.#unlisten) unlisten();
    for (const [client, leave] of this.#clients) client.closed.delete(leave);
    this.#clients.clear();
  }

  /** Takes a client in until it is gone. */
  join(client: Client): void {
    if (client.closed.reason || this.#clients.has(client)) return;
    const leave = () => {
      this.#clients.delete(client);
      for (const upstream of this.#view.upstreams) upstream.release(client);
    };
    this.#clients.set(client, leave);
    client.closed.add(leave);
  }

  /** Tells the clients on an upstream's shared link that its lists may be different now: it has been started (again). */
  announceRecovery(upstream: Upstream, isFirst: boolean): void {
    // Whoever speaks to this server alone has waited for its first start, and has seen nothing else.
    if (this.#view.single && isFirst) return;
    this.#announceLists(upstream, upstream.sharedLane);
  }

  /** Tells all clients that the lists may be different now, for a reason that no server knows. */
  announceAll(): void {
    const { single } = this.#view;
    const declared = single?.shared.link?.opened.raw('capabilities');
    for (const { list, method } of LISTS) {
      if (declared && declared.raw(list)?.get('listChanged') !== true) continue;
      for (const client of this.#clients.keys()) client.send(notificationFrame(method));
    }
  }

  #announce(upstream: Upstream, { method, frame }: Notification, lane: Lane): void {
    const params = frame.raw('params');
    if (method === RESOURCE_UPDATED) {
      const uri = params?.string('uri') ?? '';
      const exposed = withParams(frame, { uri: this.#view.uris.exposeUri(upstream.name, uri) });
      for (const client of lane.interests.subscribersOf(uri)) if (this.#clients.has(client)) client.send(exposed);
    } else if (method === 'notifications/tasks/status') {
      // It may come in one breath with the task itself, and whose that is turns out only once its answer has been handed on.
      setImmediate(() => {
        const owner = this.#tasks.clientOf(params?.string('taskId') ?? '', upstream);
        if (owner && this.#clients.has(owner)) owner.send(frame);
      });
    } else {
      for (const client of this.#clientsOn(upstream, lane)) client.send(frame);
    }
  }

  #announceLists(upstream: Upstream, lane: Lane): void {
    const declared = lane.supervisor.link?.opened.raw('capabilities');
    // A client whose own process failed may try again when that of the others is up.
    const isShared = lane === upstream.sharedLane;
    const waiting = isShared ? [...this.#clients.keys()].filter((client) => upstream.failsToServe(client)) : [];
    for (const { list, method } of LISTS) {
      if (this.#view.single && declared?.raw(list)?.get('listChanged') !== true) continue;
      const frame = notificationFrame(method);
      for (const client of [...this.#clientsOn(upstream, lane), ...waiting]) client.send(frame);
    }
  }

  #clientsOn(upstream: Upstream, lane: Lane): Client[] {
    return [...this.#clients.keys()].filter((client) => upstream.serves(client, lane));
  }
}
