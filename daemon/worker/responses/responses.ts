/**
 * OpenAI's Responses API: a completion with items in place of messages. A response is stored, unless its caller says otherwise, so that another
 * one can continue it and its items can be named. Nothing is answered with an id before it is stored.
 */
import type { ResponseDocument } from '../../../shared/api/responses/document.js';
import type { ResponseItem, ResponseRequest } from '../../../shared/api/responses/request.js';
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { CompletionCall, CompletionOutput } from '../models/completion-call.js';
import type { CompletionService } from '../models/completions.js';
import type { CallerKey } from '../store/idempotency.js';
import { findItem, type ItemPage, readChain, readItemPage, type Viewer } from '../store/responses/response-items.js';
import { findResponse, finishResponse, insertResponse, removeResponse, type ResponseName } from '../store/responses/responses.js';
import type { Store } from '../store/store.js';
import type { Transaction } from '../store/transaction.js';
import { referencesOf, toItems } from './input-items.js';
import { refuse } from './input-messages.js';
import { newResponse } from './new-response.js';
import { toCall } from './response-call.js';

export interface ResponsesOptions {
  readonly store: Pick<Store, 'read' | 'write'>;
  readonly clock: Clock;
  readonly instanceId: string;
  readonly completions: Pick<CompletionService, 'run'>;
}

export interface ResponseCaller {
  /** The session in which the last message is a turn. */
  readonly session: string | undefined;
  readonly idempotency: CallerKey | undefined;
  /** The access token, if it has one. */
  readonly owner: string | null;
  readonly viewer: Viewer;
}

/** A response that can be asked for: everything about it is decided. */
export interface PreparedResponse {
  readonly call: CompletionCall;
  /** Before anything was answered. */
  readonly document: ResponseDocument;
  readonly input: readonly ResponseItem[];
  readonly owner: string | null;
}

export interface ItemList {
  readonly items: readonly ResponseItem[];
  readonly hasMore: boolean;
}

export function responseNotFound(id: string): GatewayError {
  return new GatewayError('NOT_FOUND', { message: `there is no response '${id.slice(0, 80)}'`, details: { response: id } });
}

/** Returns the items of the response that a request continues. @throws INVALID_REQUEST where it cannot be continued */
async function readPrevious(tx: Transaction, name: ResponseName): Promise<ResponseItem[]> {
  const refusePrevious = (message: string): GatewayError => refuse('previous_response_id', message);
  const { id } = name;
  const previous = await findResponse(tx, name);
  if (previous === undefined) throw refusePrevious(`Previous response with id '${id.slice(0, 80)}' not found.`);
  const { status } = previous.document;
  if (status !== 'completed' && status !== 'incomplete')
    throw refusePrevious(`The response '${id}' is ${status}: only a complete one can be continued.`);
  const items = await readChain(tx, id);
  if (items === undefined) throw refusePrevious(`A response that '${id}' continues has been deleted.`);
  return items;
}

/** @throws INVALID_REQUEST for what does not go together */
function checkPlace({ previous_response_id: previous }: ResponseRequest, { session }: ResponseCaller): void {
  if (session !== undefined && typeof previous === 'string')
    throw refuse('previous_response_id', 'A session keeps its own conversation: omit either previous_response_id or X-Xopc-Session.');
}

export type ResponseService = Pick<Responses, 'prepare' | 'run' | 'begin' | 'end' | 'get' | 'remove' | 'inputItems'>;

export class Responses {
  readonly #options: ResponsesOptions;

  constructor(options: ResponsesOptions) {
    this.#options = options;
  }

  /** @throws INVALID_REQUEST for what cannot be honoured */
  async prepare(request: ResponseRequest, caller: ResponseCaller): Promise<PreparedResponse> {
    checkPlace(request, caller);
    const { previous_response_id: previousId } = request;
    const { before, known } = await this.#readContext(request, caller.viewer);
    const input = toItems(request.input, known);
    const { session, idempotency, owner } = caller;
    const call: CompletionCall = {
      ...toCall(request, { before, items: input }),
      idempotency,
      continues: typeof previousId === 'string',
      ...(session === undefined ? {} : { session }),
    };
    const created_at = Math.floor(this.#options.clock.now() / 1_000);
    return { call, input, owner, document: newResponse(request, { id: newId('resp'), created_at, status: 'in_progress' }) };
  }

  /** @throws as `Completions.run` */
  run({ call }: PreparedResponse, signal: AbortSignal): AsyncGenerator<CompletionOutput> {
    return this.#options.completions.run(call, signal);
  }

  /** Stores a response whose id is about to be told, or that has been answered already. */
  async begin(prepared: PreparedResponse, document: ResponseDocument): Promise<void> {
    if (!document.store) return;
    const { clock, instanceId, store } = this.#options;
    const { input, owner } = prepared;
    const links = { owner, previousId: document.previous_response_id, conversationId: null, request: null };
    await store.write((tx) => insertResponse(tx, { document, input, ...links, instanceId, nowMs: clock.now() }));
  }

  /** Stores the end of a response that was begun. */
  async end(document: ResponseDocument): Promise<void> {
    if (!document.store) return;
    const { clock, instanceId, store } = this.#options;
    await store.write((tx) => finishResponse(tx, { document, instanceId, nowMs: clock.now() }));
  }

  /** @throws NOT_FOUND */
  async get(name: ResponseName): Promise<ResponseDocument> {
    const found = await this.#options.store.read((tx) => findResponse(tx, name));
    if (found === undefined) throw responseNotFound(name.id);
    return found.document;
  }

  /** @throws NOT_FOUND */
  async remove(name: ResponseName): Promise<void> {
    if (!(await this.#options.store.write((tx) => removeResponse(tx, name)))) throw responseNotFound(name.id);
  }

  /** Returns what a response was asked. @throws NOT_FOUND; INVALID_REQUEST for an `after` that is not one of its items */
  async inputItems(name: ResponseName, page: ItemPage): Promise<ItemList> {
    await this.get(name);
    const list = await this.#options.store.read((tx) => readItemPage(tx, { responseId: name.id }, page));
    if (list === undefined) throw refuse('after', `There is no item '${page.after ?? ''}'.`);
    return list;
  }

  /** Returns the items before those of the request, and those that it names. */
  async #readContext({ input, previous_response_id: previousId }: ResponseRequest, viewer: Viewer) {
    const references = referencesOf(input);
    if (typeof previousId !== 'string' && references.length === 0) return { before: [], known: new Map<string, ResponseItem>() };
    return this.#options.store.read(async (tx) => {
      const known = new Map<string, ResponseItem>();
      for (const id of references) {
        const item = await findItem(tx, { id, viewer });
        if (item !== undefined) known.set(id, item);
      }
      return { known, before: typeof previousId === 'string' ? await readPrevious(tx, { id: previousId, viewer }) : [] };
    });
  }
}
