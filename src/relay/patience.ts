import { BridgeError } from '../errors.ts';
import { type Exchange, withSignal } from '../protocol/exchange.ts';

/** How long one server may hold up what several are asked for together. Milliseconds. */
export const PATIENCE = 5000;

/**
 * Runs work that one server may hold up, and gives it up after {@link PATIENCE}. The exchange it is handed is aborted then.
 * @throws BridgeError with `message` when time is up.
 */
export async function within<T>(
  exchange: Exchange,
  message: string,
  work: (patient: Exchange) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort(exchange.signal.reason);
  exchange.signal.addEventListener('abort', abort);
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new BridgeError('UPSTREAM_BUSY', message);
      controller.abort(error);
      reject(error);
    }, PATIENCE);
  });
  try {
    return await Promise.race([work(withSignal(exchange, controller.signal)), timeUp]);
  } finally {
    clearTimeout(timer);
    exchange.signal.removeEventListener('abort', abort);
  }
}
