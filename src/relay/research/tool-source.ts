import { plainTextOf } from '../../catalog/research/content.ts';
import { documentIn } from '../../catalog/research/document.ts';
import { argumentsFor, idNamesOf, parameterOf } from '../../catalog/research/parameter.ts';
import { foundIn } from '../../catalog/research/results.ts';
import { firstLine } from '../../catalog/research/title.ts';
import type { ResearchSource } from '../../config/catalog-settings.ts';
import type { Exchange } from '../../protocol/exchange.ts';
import { completeResult, documentAnswer, failure, resultsAnswer } from './answers.ts';
import type { ResearchHost, Source } from './source.ts';

/** A tool as what `search` or `fetch` is made of. Its failures, and whatever else is no result, are answered as they are. */
export function toolSource(
  settings: ResearchSource,
  tool: NonNullable<Source['tool']>,
  host: ResearchHost,
  exchange: Exchange,
): Source {
  const { name, definition } = tool;
  const { fields } = settings;
  const call = (value: string, takes: 'query' | 'id', key: string) => {
    const parameter = parameterOf(definition, settings, takes);
    if (parameter) return host.call(name, argumentsFor(parameter, value, settings), exchange);
    return failure(`${name} has no parameter that takes text. Its owner can name one: research.${key}.parameter`);
  };
  const idParameter = parameterOf(definition, settings, 'id');
  return {
    tool,
    about: definition.string('description') ?? '',
    idNames: idParameter ? idNamesOf(idParameter) : [],
    async search(query, fetch) {
      const answer = await call(query, 'query', 'search');
      const result = completeResult(answer);
      if (!result) return answer;
      // One tool for both answers questions in prose; asked once more, it will do so again.
      const isProse = fetch.tool?.name === name;
      const found = foundIn(result, { fields, idNames: fetch.idNames, isProse });
      if (found) return resultsAnswer(found);
      if (isProse) return resultsAnswer([{ id: query, title: firstLine(query), url: '' }]);
      const where =
        fields.results === undefined ? 'no results can be made out' : `there is nothing at ${fields.results}`;
      return failure(
        `${name} has answered, but ${where} in that. Its owner can say where they are: research.search.fields. ` +
          `The answer was:\n${plainTextOf(result)}`,
      );
    },
    async fetch(id) {
      const answer = await call(id, 'id', 'fetch');
      const result = completeResult(answer);
      return result ? documentAnswer(documentIn(result, id, fields)) : answer;
    },
  };
}
