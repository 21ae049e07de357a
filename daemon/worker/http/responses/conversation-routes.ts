/** `/v1/conversations`: lists of items that responses continue and add to. */
import { label } from '../../../../shared/api/fields.js';
import {
  conversationDeleted,
  conversationDocument,
  conversationRequest,
  conversationUpdate,
  itemsRequest,
} from '../../../../shared/api/responses/conversations.js';
import { itemList, itemListQuery, listedItem } from '../../../../shared/api/responses/lists.js';
import { validate } from '../../../../shared/api/validate.js';
import type { HttpContext } from '../context.js';
import { type Route, route } from '../route.js';
import type { RouteDeps, Services } from '../services.js';
import { idLabel, nameOf, toList } from './names.js';

/** Every token that may chat; each sees its own. */
const COMMON = { scope: 'chat', agentOf: 'filtered', params: { id: idLabel } } as const;

const itemOf = (ctx: HttpContext): string => validate(label(200), ctx.params['item'], 'item');

type Conversation = Awaited<ReturnType<Services['conversations']['get']>>;

const toDocument = ({ id, createdAtMs, metadata }: Conversation) =>
  ({ id, object: 'conversation', created_at: Math.floor(createdAtMs / 1_000), metadata }) as const;

function itemRoutes(conversations: Services['conversations']): Route[] {
  return [
    route({
      ...COMMON,
      method: 'GET',
      path: '/v1/conversations/:id/items',
      summary: 'List the items of a conversation',
      errors: ['NOT_FOUND'],
      query: itemListQuery,
      answer: itemList,
      handle: async (ctx, { query }) => toList(await conversations.items(nameOf(ctx), query)),
    }),
    route({
      ...COMMON,
      method: 'POST',
      path: '/v1/conversations/:id/items',
      summary: 'Add items to a conversation',
      errors: ['NOT_FOUND'],
      body: itemsRequest,
      answer: itemList,
      handle: async (ctx, { body }) => toList(await conversations.addItems(nameOf(ctx), body.items)),
    }),
    route({
      ...COMMON,
      method: 'GET',
      path: '/v1/conversations/:id/items/:item',
      summary: 'Read an item of a conversation',
      errors: ['NOT_FOUND'],
      params: { id: idLabel, item: idLabel },
      answer: listedItem,
      handle: async (ctx) => await conversations.item(nameOf(ctx), itemOf(ctx)),
    }),
    route({
      ...COMMON,
      method: 'DELETE',
      path: '/v1/conversations/:id/items/:item',
      summary: 'Remove an item from a conversation',
      errors: ['NOT_FOUND'],
      params: { id: idLabel, item: idLabel },
      answer: conversationDocument,
      handle: async (ctx) => toDocument(await conversations.removeItem(nameOf(ctx), itemOf(ctx))),
    }),
  ];
}

export function conversationRoutes({ services: { conversations } }: RouteDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/conversations',
      scope: 'chat',
      agentOf: 'filtered',
      summary: 'Create a conversation for responses',
      body: conversationRequest,
      isBodyOptional: true,
      answer: conversationDocument,
      async handle(ctx, { body: { items, metadata } }) {
        const owner = ctx.state.access?.id ?? null;
        return toDocument(await conversations.create({ owner, metadata: metadata ?? {}, items: items ?? [] }));
      },
    }),
    route({
      ...COMMON,
      method: 'GET',
      path: '/v1/conversations/:id',
      summary: 'Read a conversation',
      errors: ['NOT_FOUND'],
      answer: conversationDocument,
      handle: async (ctx) => toDocument(await conversations.get(nameOf(ctx))),
    }),
    route({
      ...COMMON,
      method: 'POST',
      path: '/v1/conversations/:id',
      summary: 'Change the metadata of a conversation',
      errors: ['NOT_FOUND'],
      body: conversationUpdate,
      answer: conversationDocument,
      handle: async (ctx, { body }) => toDocument(await conversations.update(nameOf(ctx), body.metadata ?? {})),
    }),
    route({
      ...COMMON,
      method: 'DELETE',
      path: '/v1/conversations/:id',
      summary: 'Delete a conversation',
      errors: ['NOT_FOUND'],
      answer: conversationDeleted,
      async handle(ctx) {
        const name = nameOf(ctx);
        await conversations.remove(name);
        return { id: name.id, object: 'conversation.deleted', deleted: true };
      },
    }),
    ...itemRoutes(conversations),
  ];
}
