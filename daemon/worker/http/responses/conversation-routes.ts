/** `/v1/conversations`: lists of items that responses continue and add to. */
import {
  conversationDeleted,
  conversationDocument,
  conversationRequest,
  conversationUpdate,
  itemsRequest,
} from '../../../../shared/api/responses/conversations.js';
import { itemList, itemListQuery, listedItem } from '../../../../shared/api/responses/lists.js';
import { type Route, route } from '../route.js';
import type { RouteDeps, Services } from '../services.js';
import { idLabel, nameOf, ONE, toList } from './names.js';

type Conversation = Awaited<ReturnType<Services['conversations']['get']>>;

const toDocument = ({ id, createdAtMs, metadata }: Conversation) =>
  ({ id, object: 'conversation', created_at: Math.floor(createdAtMs / 1_000), metadata }) as const;

function itemRoutes(conversations: Services['conversations']): Route[] {
  return [
    route({
      ...ONE,
      method: 'GET',
      path: '/v1/conversations/:id/items',
      summary: 'List the items of a conversation',
      query: itemListQuery,
      answer: itemList,
      handle: async (ctx, { params, query }) => toList(await conversations.items(nameOf(ctx, params), query)),
    }),
    route({
      ...ONE,
      method: 'POST',
      path: '/v1/conversations/:id/items',
      summary: 'Add items to a conversation',
      body: itemsRequest,
      answer: itemList,
      handle: async (ctx, { params, body }) => toList(await conversations.addItems(nameOf(ctx, params), body.items)),
    }),
    route({
      ...ONE,
      method: 'GET',
      path: '/v1/conversations/:id/items/:item',
      summary: 'Read an item of a conversation',
      params: { ...ONE.params, item: idLabel },
      answer: listedItem,
      handle: async (ctx, { params }) => await conversations.item(nameOf(ctx, params), params.item),
    }),
    route({
      ...ONE,
      method: 'DELETE',
      path: '/v1/conversations/:id/items/:item',
      summary: 'Remove an item from a conversation',
      params: { ...ONE.params, item: idLabel },
      answer: conversationDocument,
      handle: async (ctx, { params }) => toDocument(await conversations.removeItem(nameOf(ctx, params), params.item)),
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
      ...ONE,
      method: 'GET',
      path: '/v1/conversations/:id',
      summary: 'Read a conversation',
      answer: conversationDocument,
      handle: async (ctx, { params }) => toDocument(await conversations.get(nameOf(ctx, params))),
    }),
    route({
      ...ONE,
      method: 'POST',
      path: '/v1/conversations/:id',
      summary: 'Change the metadata of a conversation',
      body: conversationUpdate,
      answer: conversationDocument,
      handle: async (ctx, { params, body }) => toDocument(await conversations.update(nameOf(ctx, params), body.metadata ?? {})),
    }),
    route({
      ...ONE,
      method: 'DELETE',
      path: '/v1/conversations/:id',
      summary: 'Delete a conversation',
      answer: conversationDeleted,
      async handle(ctx, { params }) {
        const name = nameOf(ctx, params);
        await conversations.remove(name);
        return { id: name.id, object: 'conversation.deleted', deleted: true };
      },
    }),
    ...itemRoutes(conversations),
  ];
}
