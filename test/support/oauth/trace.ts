import type { Send } from './tunnel.ts';

/** Takes down what is sent, like `POST /mcp 401`. */
export function recording(send: Send): { readonly trace: readonly string[]; readonly send: Send } {
  const trace: string[] = [];
  return {
    trace,
    async send(method, url, headers, body) {
      const answer = await send(method, url, headers, body);
      trace.push(`${method} ${new URL(url).pathname} ${answer.status}`);
      return answer;
    },
  };
}
