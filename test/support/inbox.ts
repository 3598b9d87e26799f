export interface Notification {
  readonly method: string;
  readonly params?: Record<string, unknown> | undefined;
}

/** What a client was told, in order. */
export interface Inbox {
  readonly notifications: readonly Notification[];
  add(notification: Notification): Promise<void>;
  /** Resolves with the first `count` notifications of `method` once they are there. */
  wait(method: string, count?: number): Promise<Notification[]>;
}

export function createInbox(): Inbox {
  const notifications: Notification[] = [];
  let wakers: (() => void)[] = [];
  return {
    notifications,
    async add(notification) {
      notifications.push(notification);
      const woken = wakers;
      wakers = [];
      for (const wake of woken) wake();
    },
    async wait(method, count = 1) {
      for (;;) {
        const found = notifications.filter((notification) => notification.method === method);
        if (found.length >= count) return found.slice(0, count);
        await new Promise<void>((wake) => wakers.push(wake));
      }
    },
  };
}
