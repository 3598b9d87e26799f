import type { CompiledRules } from '../catalog/rules.ts';
import { ownExchange } from '../protocol/exchange.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { collectPages, type ListKind, PROMPTS, RESOURCES, TEMPLATES } from './lists.ts';
import { within } from './patience.ts';

/** An override that is about nothing. */
export interface UnmatchedOverride {
  readonly glob: string;
  /** Where it was configured. */
  readonly origin: string;
  /** What it was meant for. */
  readonly kind: 'prompt' | 'resource';
}

/** The overrides of prompts and resources that match nothing which a server lists on its shared link. None where it does not tell. */
export async function unmatchedOverrides(
  upstream: Upstream,
  { prompts, resources }: Pick<CompiledRules, 'prompts' | 'resources'>,
): Promise<UnmatchedOverride[]> {
  const unmatched: UnmatchedOverride[] = [];
  // Asked for only where there are any: nobody else needs these lists at the start.
  if (prompts.unmatched([]).length > 0) {
    const names = await listed(upstream, PROMPTS, 'name');
    if (names) for (const each of prompts.unmatched(names)) unmatched.push({ ...each, kind: 'prompt' });
  }
  if (resources.unmatched([]).length > 0) {
    const uris = await listed(upstream, RESOURCES, 'uri');
    // Many servers have resources and do not know of templates.
    const templates = (await listed(upstream, TEMPLATES, 'uriTemplate')) ?? [];
    if (uris)
      for (const each of resources.unmatched([...uris, ...templates])) unmatched.push({ ...each, kind: 'resource' });
  }
  return unmatched;
}

/** What a server lists; `undefined` when it does not tell. */
async function listed(upstream: Upstream, kind: ListKind, member: string): Promise<string[] | undefined> {
  const { link } = upstream.shared;
  if (!link) return undefined;
  if (!link.opened.raw('capabilities')?.has(kind.capability)) return [];
  const patience = { message: `${upstream.name}: no answer to ${kind.method} in time` };
  const reading = within(ownExchange(kind.method), patience, (exchange) => collectPages(upstream, kind, exchange));
  const collected = await reading.catch(() => undefined);
  return collected?.items.flatMap((item) => item.string(member) ?? []);
}
