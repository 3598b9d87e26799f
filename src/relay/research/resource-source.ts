import { textOfResource } from '../../catalog/research/content.ts';
import { ranked } from '../../catalog/research/ranking.ts';
import { webUrl } from '../../catalog/research/record.ts';
import type { Found } from '../../catalog/research/results.ts';
import { headingOf, titleFor } from '../../catalog/research/title.ts';
import type { Exchange } from '../../protocol/exchange.ts';
import { INVALID_PARAMS, RESOURCE_NOT_FOUND } from '../../protocol/message.ts';
import { RawJson } from '../../protocol/raw-json.ts';
import { completeResult, documentAnswer, failure, resultsAnswer } from './answers.ts';
import type { ResearchHost, Source } from './source.ts';

/**
 * The servers' resources as what `search` or `fetch` is made of; their URIs are the ids. Only what lists say of them is searched. They
 * are there even while nothing is listed: clients keep the list of tools for weeks, and resources come and go.
 */
export function resourceSource(host: ResearchHost, exchange: Exchange): Source {
  return {
    tool: undefined,
    about: 'What there is are the resources of the connected servers, by their names and descriptions.',
    idNames: ['uri'],
    async search(query) {
      const found = ranked(query, await host.resources(exchange)).flatMap((resource) => foundOf(resource) ?? []);
      return resultsAnswer(found.slice(0, MOST_RESULTS));
    },
    async fetch(id) {
      // Only the title is missing where they cannot be listed.
      const [answer, listed] = await Promise.all([host.read(id, exchange), host.resources(exchange).catch(() => [])]);
      const code = answer.raw('error')?.get('code');
      if (code === RESOURCE_NOT_FOUND || code === INVALID_PARAMS)
        return failure(`There is nothing with the id ${JSON.stringify(id)}. Take one that \`search\` has returned.`);
      const result = completeResult(answer);
      if (!result) return answer;
      const contents = result.raw('contents')?.items() ?? [];
      const text = contents.map(textOfResource).join('\n\n');
      const resource = listed.find((each) => each.string('uri') === id);
      const mimeType = resource?.string('mimeType') ?? contents[0]?.string('mimeType');
      return documentAnswer({
        id,
        title: (resource && titleOf(resource)) ?? headingOf(text) ?? titleFor(id, undefined),
        text,
        url: webUrl(id) ?? '',
        metadata: mimeType === undefined ? undefined : RawJson.of({ mimeType }),
      });
    },
  };
}

/** More than anybody reads; who wants others has to ask more precisely. */
const MOST_RESULTS = 50;

function foundOf(resource: RawJson): Found | undefined {
  const id = resource.string('uri');
  return id === undefined
    ? undefined
    : { id, title: titleOf(resource) ?? titleFor(id, undefined), url: webUrl(id) ?? '' };
}

function titleOf(resource: RawJson): string | undefined {
  return resource.string('title') || resource.string('name') || undefined;
}
