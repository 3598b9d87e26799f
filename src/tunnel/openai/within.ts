/**
 * Runs `work` with a signal that is aborted after `limit` milliseconds, or with `parent`. Then throws the reason. Neither timer nor
 * listener outlives the work; `AbortSignal.any` and `AbortSignal.timeout` would leave theirs to the garbage collector.
 */
export async function within<T>(
  limit: number,
  work: (signal: AbortSignal) => Promise<T>,
  parent?: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${Math.round(limit)} ms`)), limit);
  const abort = () => controller.abort(parent?.reason);
  parent?.addEventListener('abort', abort);
  try {
    if (parent?.aborted) abort();
    signal.throwIfAborted();
    return await work(signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
    parent?.removeEventListener('abort', abort);
  }
}
