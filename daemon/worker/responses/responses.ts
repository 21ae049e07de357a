/**
 * OpenAI's Responses API: a completion with items in place of messages. A response is stored, unless its caller says otherwise, so
 * that another one can continue it and its items can be named. No id is returned before the response is stored.
 */
import type { ResponseDocument } from '../../../shared/api/responses/document.js';
import type { ResponseItem, ResponseRequest } from '../../../shared/api/responses/request.js';
import { type Clock, pause } from '../../../shared/clock.js';
import { toGatewayError } from '../../../shared/error-document.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { CompletionCall, CompletionOutput, NamedSession } from '../models/completion-call.js';
import type { CompletionService } from '../models/completions.js';
import { type CallerKey, inOrder, keyUse, once } from '../store/idempotency.js';
import { insertEvents } from '../store/responses/background.js';
import { findItem, type ItemPage, readItemPage, type Viewer } from '../store/responses/response-items.js';
import { findResponse, finishResponse, insertResponse, removeResponse, type ResponseName } from '../store/responses/responses.js';
import type { Store } from '../store/store.js';
import type { Transaction } from '../store/transaction.js';
import type { ResponseEvent } from '../../../shared/api/responses/events.js';
import type { BackgroundResponses } from './background-responses.js';
import { conversationOf, readContext } from './context.js';
import { referencesOf, toItems } from './input-items.js';
import { refuse } from '../models/refusals.js';
import { newResponse } from './new-response.js';
import { toCall } from './response-call.js';
import type { Span } from '../tracing/span.js';
import { ResponseWriter } from './response-writer.js';

export interface ResponsesOptions {
  readonly store: Pick<Store, 'read' | 'write'>;
  readonly clock: Clock;
  readonly instanceId: string;
  readonly completions: Pick<CompletionService, 'run' | 'check'>;
  readonly background: Pick<BackgroundResponses, 'look' | 'cancel' | 'drop' | 'follow' | 'closing'>;
}

export interface ResponseCaller {
  /** The session in which the last message is a turn. */
  readonly session: NamedSession | undefined;
  readonly idempotency: CallerKey | undefined;
  /** The access token, if it has one. */
  readonly owner: string | null;
  readonly viewer: Viewer;
  /** Of its request. */
  readonly span?: Span | undefined;
}

/** A response that is ready to run: everything about it has been decided. */
export interface PreparedResponse {
  readonly request: ResponseRequest;
  readonly call: CompletionCall;
  /** The document before any output. */
  readonly document: ResponseDocument;
  readonly input: readonly ResponseItem[];
  readonly owner: string | null;
}

export type { ResponseName } from '../store/responses/responses.js';

export interface ItemList {
  readonly items: readonly ResponseItem[];
  readonly hasMore: boolean;
}

export function responseNotFound(id: string): GatewayError {
  return new GatewayError('NOT_FOUND', { message: `there is no response '${id.slice(0, 80)}'`, details: { response: id } });
}

/** @throws INVALID_REQUEST for fields that exclude each other */
function checkPlace(request: ResponseRequest, { session }: ResponseCaller): void {
  const { previous_response_id: previous, background, store } = request;
  const conversation = conversationOf(request);
  if (background === true && store === false) throw refuse('background', 'A response in the background is stored: omit "store": false.');
  if (background === true && session !== undefined)
    throw refuse('background', 'A turn of a session is not run in the background: omit either background or X-Xopc-Session.');
  if (conversation !== null && typeof previous === 'string')
    throw refuse('previous_response_id', 'A conversation has the responses before: omit either previous_response_id or conversation.');
  if (conversation !== null && store === false) throw refuse('store', 'A response is added to its conversation: omit "store": false.');
  if (conversation !== null && session !== undefined)
    throw refuse('conversation', 'A session keeps its own conversation: omit either conversation or X-Xopc-Session.');
  if (session !== undefined && typeof previous === 'string')
    throw refuse('previous_response_id', 'A session keeps its own conversation: omit either previous_response_id or X-Xopc-Session.');
}

/** A turn of a session uses its agent's settings, so the response does not show others. */
const asInSession = (request: ResponseRequest): ResponseRequest => ({
  ...request,
  temperature: null,
  top_p: null,
  max_output_tokens: null,
  text: null,
});

const linksOf = ({ previous_response_id: previousId, conversation }: ResponseDocument) => ({
  previousId,
  conversationId: conversation?.id ?? null,
});

export type ResponseService = Pick<Responses, keyof Responses>;

/** For how long the end of a response is stored again while the database is unavailable. */
const END_LIMIT_MS = 30_000;
const END_RETRY_MS = 2_000;

export class Responses {
  readonly #options: ResponsesOptions;

  constructor(options: ResponsesOptions) {
    this.#options = options;
  }

  /** @throws INVALID_REQUEST for fields that cannot be honoured */
  async prepare(request: ResponseRequest, caller: ResponseCaller): Promise<PreparedResponse> {
    checkPlace(request, caller);
    const { before, known } = await this.#readContext(request, caller.viewer);
    const input = toItems(request.input, known);
    const { session, idempotency, owner, span } = caller;
    const call: CompletionCall = {
      ...toCall(request, { before, items: input }),
      idempotency,
      tokenId: owner ?? undefined,
      span,
      continues: typeof request.previous_response_id === 'string' || conversationOf(request) !== null,
      ...(session === undefined ? {} : { session }),
    };
    const created_at = Math.floor(this.#options.clock.now() / 1_000);
    const status = request.background === true ? ('queued' as const) : ('in_progress' as const);
    const said = session === undefined ? request : asInSession(request);
    return { request, call, input, owner, document: newResponse(said, { id: newId('resp'), created_at, status }) };
  }

  /** @throws as `Completions.run` */
  run({ call }: PreparedResponse, signal: AbortSignal): AsyncGenerator<CompletionOutput> {
    return this.#options.completions.run(call, signal);
  }

  /** Stores a response before its caller gets the id. */
  async begin(prepared: PreparedResponse, document: ResponseDocument): Promise<void> {
    if (!document.store) return;
    const { clock, instanceId, store } = this.#options;
    const { input, owner } = prepared;
    const links = { owner, ...linksOf(document), request: null };
    await store.write((tx) => insertResponse(tx, { document, input, ...links, instanceId, nowMs: clock.now() }));
  }

  /**
   * Stores the end of a response that was begun. If the database is unavailable, that is tried again after this has failed: nobody
   * else ends the response while this worker lives.
   */
  async end(document: ResponseDocument): Promise<void> {
    if (!document.store) return;
    try {
      await this.#writeEnd(document);
    } catch (error) {
      if (toGatewayError(error).spec.retryable) void this.#endLater(document);
      throw error;
    }
  }

  async #writeEnd(document: ResponseDocument): Promise<void> {
    const { clock, instanceId, store } = this.#options;
    await store.write((tx) => finishResponse(tx, { document, instanceId, nowMs: clock.now() }));
  }

  /** Never rejects. */
  async #endLater(document: ResponseDocument): Promise<void> {
    const { clock, background } = this.#options;
    const { closing } = background;
    let isOver = false;
    const cancel = clock.after(END_LIMIT_MS, () => (isOver = true));
    for (let isOpen = true; isOpen;) {
      await pause(END_RETRY_MS, clock, closing);
      if (isOver || closing.aborted) break;
      isOpen = await this.#writeEnd(document).then(
        () => false,
        (error: unknown) => toGatewayError(error).spec.retryable,
      );
    }
    cancel();
  }

  /**
   * Stores a response that a worker writes in the background.
   * @returns the response, or the current state of that of an earlier request with the same key
   * @throws MODEL_NOT_FOUND; CONFLICT for a key used by another request
   */
  async enqueue({ request, document, input, owner }: PreparedResponse, { idempotency }: ResponseCaller): Promise<ResponseDocument> {
    const { store, clock, completions, background } = this.#options;
    completions.check(request.model);
    const use = keyUse('responses', idempotency, inOrder(request));
    const nowMs = clock.now();
    const act = async (tx: Transaction): Promise<string> => {
      const links = { owner, ...linksOf(document), instanceId: null };
      // The items are stored in separate rows.
      await insertResponse(tx, { document, input, ...links, request: { ...request, input: '' }, nowMs });
      await insertEvents(tx, document.id, new ResponseWriter(document).begin('response.created', 'response.queued'));
      return document.id;
    };
    const { result: id, isRepeated } = await store.write((tx) => once(tx, { use, nowMs, act: () => act(tx) }));
    void background.look();
    if (!isRepeated) return document;
    idempotency?.onReplay?.();
    return this.get({ id, viewer: undefined });
  }

  /**
   * Cancels a background response; one that has ended is not changed. @throws NOT_FOUND; INVALID_REQUEST for one that is not in the
   * background
   */
  async cancel(name: ResponseName): Promise<ResponseDocument> {
    const document = await this.#getBackground(name, 'Only a response in the background can be cancelled.');
    await this.#options.background.cancel(document);
    return this.get(name);
  }

  /**
   * Returns the events of a response in the background after a number; undefined: a heartbeat is due.
   * @throws NOT_FOUND; INVALID_REQUEST for one that is not in the background
   */
  async follow(name: ResponseName, after: number, signal: AbortSignal): Promise<AsyncGenerator<ResponseEvent[] | undefined>> {
    await this.#getBackground(name, 'Only a response in the background has a stream that can be read again.', 'stream');
    return this.#options.background.follow(name.id, after, signal);
  }

  async #getBackground(name: ResponseName, refusal: string, param = 'id'): Promise<ResponseDocument> {
    const document = await this.get(name);
    if (!document.background) throw refuse(param, refusal);
    return document;
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
    this.#options.background.drop(name.id);
  }

  /** Returns the input of a response. @throws NOT_FOUND; INVALID_REQUEST for an `after` that is not one of its items */
  async inputItems(name: ResponseName, page: ItemPage): Promise<ItemList> {
    await this.get(name);
    const list = await this.#options.store.read((tx) => readItemPage(tx, { responseId: name.id }, page));
    if (list === undefined) throw refuse('after', `There is no item '${page.after ?? ''}'.`);
    return list;
  }

  /** Returns the items before those of the request, and the items that it references. */
  async #readContext(request: ResponseRequest, viewer: Viewer) {
    const { input, previous_response_id: previousId = null } = request;
    const conversationId = conversationOf(request);
    const references = referencesOf(input);
    const known = new Map<string, ResponseItem>();
    if (previousId === null && conversationId === null && references.length === 0) return { before: [], known };
    return this.#options.store.read(async (tx) => {
      for (const id of references) {
        const item = await findItem(tx, { id, viewer });
        if (item !== undefined) known.set(id, item);
      }
      return { known, before: await readContext(tx, { previousId, conversationId, viewer }) };
    });
  }
}
