/** Creates, reads and changes conversations of the Responses API. */
import type { ResponseItem, ResponseRequest } from '../../../shared/api/responses/request.js';
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import {
  type Conversation,
  type ConversationName,
  findConversation,
  findConversationItem,
  insertConversation,
  removeConversation,
  removeConversationItem,
  setConversationMetadata,
} from '../store/responses/conversations.js';
import { insertItems, type ItemPage, readItemPage } from '../store/responses/response-items.js';
import type { Store } from '../store/store.js';
import type { Transaction } from '../store/transaction.js';
import { conversationNotFound } from './context.js';
import { referencesOf, toItems } from './input-items.js';
import { refuse } from '../models/refusals.js';
import type { ItemList } from './responses.js';

export type { ConversationName } from '../store/responses/conversations.js';

type Items = Exclude<ResponseRequest['input'], string>;

export interface NewConversation {
  readonly owner: string | null;
  readonly metadata: Conversation['metadata'];
  readonly items: Items;
}

export type ConversationService = Pick<Conversations, keyof Conversations>;

/** @throws INVALID_REQUEST for a reference, because a conversation has its own items */
function toOwnItems(items: Items): ResponseItem[] {
  const reference = items.findIndex(({ type }) => type === 'item_reference');
  if (referencesOf(items).length > 0) throw refuse(`items.${reference}.type`, 'An item of a conversation cannot be a reference.');
  return toItems(items, new Map());
}

async function getConversation(tx: Transaction, name: ConversationName): Promise<Conversation> {
  const found = await findConversation(tx, name);
  if (found === undefined) throw conversationNotFound(name.id);
  return found;
}

export class Conversations {
  readonly #store: Pick<Store, 'read' | 'write'>;
  readonly #clock: Clock;

  constructor({ store, clock }: { readonly store: Pick<Store, 'read' | 'write'>; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  async create({ owner, metadata, items }: NewConversation): Promise<Conversation> {
    const conversation = { id: newId('conv'), owner, metadata, createdAtMs: this.#clock.now() };
    const own = toOwnItems(items);
    await this.#store.write(async (tx) => {
      await insertConversation(tx, conversation);
      await insertItems(tx, { owner, responseId: null, conversationId: conversation.id }, { side: 'input', items: own });
    });
    return conversation;
  }

  /** @throws NOT_FOUND */
  get(name: ConversationName): Promise<Conversation> {
    return this.#store.read((tx) => getConversation(tx, name));
  }

  /** @throws NOT_FOUND */
  update(name: ConversationName, metadata: Conversation['metadata']): Promise<Conversation> {
    return this.#store.write(async (tx) => {
      const conversation = await getConversation(tx, name);
      await setConversationMetadata(tx, { id: name.id, metadata });
      return { ...conversation, metadata };
    });
  }

  /** @throws NOT_FOUND */
  async remove(name: ConversationName): Promise<void> {
    await this.#store.write(async (tx) => {
      await getConversation(tx, name);
      await removeConversation(tx, name.id);
    });
  }

  /** @throws NOT_FOUND; INVALID_REQUEST for a reference */
  async addItems(name: ConversationName, items: Items): Promise<ItemList> {
    const own = toOwnItems(items);
    await this.#store.write(async (tx) => {
      const { owner } = await getConversation(tx, name);
      await insertItems(tx, { owner, responseId: null, conversationId: name.id }, { side: 'input', items: own });
    });
    return { items: own, hasMore: false };
  }

  /** @throws NOT_FOUND; INVALID_REQUEST for an `after` that is not one of its items */
  items(name: ConversationName, page: ItemPage): Promise<ItemList> {
    return this.#store.read(async (tx) => {
      await getConversation(tx, name);
      const list = await readItemPage(tx, { conversationId: name.id }, page);
      if (list === undefined) throw refuse('after', `There is no item '${page.after ?? ''}'.`);
      return list;
    });
  }

  /** @throws NOT_FOUND */
  item(name: ConversationName, itemId: string): Promise<ResponseItem> {
    return this.#store.read(async (tx) => (await this.#getItem(tx, name, itemId)).item);
  }

  /** @throws NOT_FOUND */
  removeItem(name: ConversationName, itemId: string): Promise<Conversation> {
    return this.#store.write(async (tx) => {
      const { conversation } = await this.#getItem(tx, name, itemId);
      await removeConversationItem(tx, { conversationId: name.id, itemId });
      return conversation;
    });
  }

  async #getItem(tx: Transaction, name: ConversationName, itemId: string): Promise<{ conversation: Conversation; item: ResponseItem }> {
    const conversation = await getConversation(tx, name);
    const item = await findConversationItem(tx, { conversationId: name.id, itemId });
    if (item === undefined)
      throw new GatewayError('NOT_FOUND', {
        message: `there is no item '${itemId.slice(0, 80)}' in this conversation`,
        details: { item: itemId },
      });
    return { conversation, item };
  }
}
