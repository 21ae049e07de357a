/** Reads the names in requests of `/v1/responses` and `/v1/conversations`, and builds their lists. */
import { label } from '../../../../shared/api/fields.js';
import type { ItemList } from '../../responses/responses.js';
import type { HttpContext } from '../context.js';

export const idLabel = () => label(200);

/** What the operations on one response or conversation share: every token that may chat may call them; each sees its own. */
export const ONE = { scope: 'chat', agentOf: 'filtered', params: { id: idLabel }, errors: ['NOT_FOUND'] } as const;

/** An access token sees only what was created with it. */
export const viewerOf = ({ state: { access } }: HttpContext): string | undefined =>
  access?.scopes.includes('admin') === true ? undefined : access?.id;

export const nameOf = (ctx: HttpContext, { id }: { readonly id: string }) => ({ id, viewer: viewerOf(ctx) });

export function toList({ items, hasMore }: ItemList) {
  const data = [...items];
  return { object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: hasMore };
}
