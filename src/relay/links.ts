import type { Answer } from '../protocol/exchange.ts';
import { withResult } from '../protocol/message.ts';
import type { RawJson } from '../protocol/raw-json.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { View } from './view.ts';

/** A link in a result leads to the server it came from, even if another one has the same URI. */
export function withOwnLinks(answer: Answer, upstream: Upstream, view: View): Answer {
  if (view.single || !answer.text.includes('"uri"')) return answer;
  const content = answer.raw('result')?.raw('content')?.items() ?? [];
  const expose = (uri: string) => linkUri(uri, upstream, view);
  const mended = content.map((item) => {
    const resource = item.raw('resource');
    const inner = resource?.translated('uri', expose);
    return (inner === resource ? item : item.with({ resource: inner })).translated('uri', expose);
  });
  return mended.every((item, index) => item === content[index]) ? answer : withResult(answer, { content: mended });
}

/** The resources that show a tool's results (MCP Apps, and the older key of OpenAI's Apps SDK). */
export function widgetUrisOf(tool: RawJson): string[] {
  const meta = tool.raw('_meta');
  const uris = [meta?.raw('ui')?.string('resourceUri'), meta?.string('openai/outputTemplate')];
  return uris.filter((uri) => uri !== undefined);
}

/** A tool's widget is the one of its own server, even if another one's has the same URI. */
export function withWidgetUris(tool: RawJson, upstream: Upstream, view: View): RawJson {
  const meta = tool.raw('_meta');
  if (!meta || view.single) return tool;
  const expose = (uri: string) => linkUri(uri, upstream, view);
  const ui = meta.raw('ui');
  const mended = (ui ? meta.with({ ui: ui.translated('resourceUri', expose) }) : meta).translated(
    'openai/outputTemplate',
    expose,
  );
  return mended.text === meta.text ? tool : tool.with({ _meta: mended });
}

/** A URI that a server mentions: changed only where it would lead to another server. */
function linkUri(uri: string, upstream: Upstream, view: View): string {
  const found = view.uris.lookupUri(uri);
  return found && found.server !== upstream.name ? view.uris.exposeUri(upstream.name, uri) : uri;
}
