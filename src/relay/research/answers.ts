import type { ResearchDocument } from '../../catalog/research/document.ts';
import type { Found } from '../../catalog/research/results.ts';
import type { Answer } from '../../protocol/exchange.ts';
import { resultFrame } from '../../protocol/message.ts';
import { RawJson } from '../../protocol/raw-json.ts';

/** What `search` answers with. */
export function resultsAnswer(results: readonly Found[]): Answer {
  return structuredAnswer({ results });
}

/** What `fetch` answers with. */
export function documentAnswer({ id, title, text, url, metadata }: ResearchDocument): Answer {
  return structuredAnswer({ id, title, text, url, metadata });
}

/** A tool's failure, which the model reads and may mend (server/tools, "Error Handling"). */
export function failure(text: string): Answer {
  return resultFrame({ content: [{ type: 'text', text }], isError: true });
}

/** The result that was asked for; `undefined` where the answer is an error, a tool's failure, a question, or a task. */
export function completeResult(answer: Answer): RawJson | undefined {
  const result = answer.raw('result');
  const type = result?.string('resultType') ?? 'complete';
  return type === 'complete' && result?.get('isError') !== true ? result : undefined;
}

/** The value, and the same once more as the one text of the content: ChatGPT asks for both (developers.openai.com/api/docs/mcp). */
function structuredAnswer(value: object): Answer {
  const structuredContent = RawJson.of(value);
  return resultFrame({ content: [{ type: 'text', text: structuredContent.text }], structuredContent });
}
