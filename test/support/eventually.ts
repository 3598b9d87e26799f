/** How long what has to happen is waited for: so long that only a hang runs into it, on however busy a machine. For `vi.waitFor` and its like. */
export const EVENTUALLY = { timeout: 30_000, interval: 50 };
