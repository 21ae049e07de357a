/**
 * Titles chats after their first answer, with one short call of the model that answered. Until then, and if the call fails, the
 * title is the chat's first words. Nothing waits for a title, and a failed call is not repeated.
 */
import { cutText } from '../../../shared/text/one-line.js';
import { plainLine } from '../../../shared/text/plain-line.js';
import type { TurnUsage } from '../../../shared/turn-usage.js';
import type { CompletionMessage } from '../providers/completion.js';
import { describeFailure } from '../providers/failure.js';
import type { ProviderRegistry, ResolvedModel } from '../providers/registry.js';
import { addUsage } from '../providers/token-cost.js';
import type { PublishSession } from '../sessions/sessions.js';
import { type Account, isRefusedAccount, type Spending } from '../spending/spending.js';
import { readNewestMessages, titleFrom } from '../store/conversations/messages.js';
import { findSession, replaceTitle, type Session } from '../store/conversations/sessions.js';
import { addTurnUsage } from '../store/conversations/turns.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { callModel } from '../turns/model/call-model.js';
import { type CompletionChange, completionChange } from '../turns/model/completion-change.js';
import { estimateTokens } from '../turns/model/context.js';
import type { TurnEnding } from '../turns/turn-journal.js';

export interface TitlesOptions extends Deps<'store' | 'clock' | 'logger' | 'config'> {
  readonly registry: () => ProviderRegistry;
  readonly spending: Pick<Spending, 'purse'>;
  readonly publish: (event: CompletionChange | Parameters<PublishSession>[0]) => void;
}

/** A question of a chat, and how its turn ended. */
export interface AnsweredQuestion {
  readonly sessionKey: string;
  readonly question: string;
  readonly end: Pick<TurnEnding, 'turnId' | 'state' | 'reply' | 'model'>;
  /** Pays for the title, whose usage is part of the turn's. */
  readonly account: Account;
}

const TIMEOUT_MS = 10_000;
const MAX_TOKENS = 24;
/** A server may ignore that limit, so no more than this many characters of its answer are read. */
const MAX_ANSWER = 1_000;
/** How much of the question and of the answer the model gets, in characters. */
const MAX_EXCERPT = 600;
/** A session with more messages than this is past its first answer. */
const MAX_MESSAGES = 50;

const INSTRUCTIONS =
  'Name this conversation in two to six words, in the language of the question. Answer with the name alone, without quotation marks and without a full stop.';

/** Matches quotation marks around a title, and its full stop: “”„«‘「『 before it, “”»’」』.。 after it. */
const OUTER_MARKS = /^["'\u201c\u201d\u201e\u00ab\u2018\u300c\u300e]+|["'\u201c\u201d\u00bb\u2019\u300d\u300f.\u3002]+$/gu;

/** Returns the title in a model's answer; null if there is none. */
function nameIn(text: string): string | null {
  if (/<think/i.test(text)) return null;
  return titleFrom(
    plainLine(text.slice(0, MAX_ANSWER))
      .replace(/^(?:title|name):\s*/i, '')
      .replace(OUTER_MARKS, ''),
  );
}

export class Titles {
  readonly #options: TitlesOptions;
  /** Running calls by session. */
  readonly #running = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>();
  #isStopped = false;

  constructor(options: TitlesOptions) {
    this.#options = options;
  }

  /** Titles the session if this was its first answer. Returns at once. */
  begin(answered: AnsweredQuestion): void {
    const { sessionKey, end } = answered;
    if (this.#isStopped || this.#options.config().agents.defaults.titles !== 'model') return;
    if (end.state !== 'done' || end.reply === '' || end.model === null || this.#running.has(sessionKey)) return;
    const stop = new AbortController();
    const cancel = this.#options.clock.after(TIMEOUT_MS, () => stop.abort());
    const done = this.#make(answered, end.model, stop.signal)
      .catch((error: unknown) => {
        const { logger } = this.#options;
        logger[isRefusedAccount(error) ? 'info' : 'warn']({ session: sessionKey, err: error }, 'failed to name a session');
      })
      .finally(() => {
        cancel();
        this.#running.delete(sessionKey);
      });
    this.#running.set(sessionKey, { stop, done });
  }

  /** Ends the call for a session, so that its next question does not wait behind it at a server that answers one at a time. */
  cancel(sessionKey: string): void {
    this.#running.get(sessionKey)?.stop.abort();
  }

  /** Ends all calls and starts no more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const running = [...this.#running.values()];
    for (const { stop } of running) stop.abort();
    await Promise.all(running.map(({ done }) => done));
  }

  async #make(answered: AnsweredQuestion, ref: string, signal: AbortSignal): Promise<void> {
    const { store, registry, publish } = this.#options;
    const { question, end, sessionKey } = answered;
    const from = titleFrom(question);
    const session = from === null ? undefined : await this.#findUnnamed(sessionKey, from);
    const model = registry().resolve(ref);
    if (from === null || session === undefined) return;
    const { text, usage } = await this.#ask(model, answered, signal);
    const to = nameIn(text);
    if (to === null && usage === null) return;
    const isNamed = await store.write(async (tx) => {
      if (usage !== null) await addTurnUsage(tx, { id: end.turnId, sessionId: session.id }, usage);
      return to !== null && replaceTitle(tx, session.id, { from, to });
    });
    if (isNamed) publish({ type: 'session', session: sessionKey, change: 'updated' });
  }

  /** Returns the session if its title comes from this question and no other question has been answered. */
  async #findUnnamed(sessionKey: string, title: string): Promise<Session | undefined> {
    return this.#options.store.read(async (tx) => {
      const session = await findSession(tx, sessionKey);
      if (session === undefined || session.title !== title || session.messageCount > MAX_MESSAGES) return undefined;
      const messages = await readNewestMessages(tx, { sessionId: session.id, limit: MAX_MESSAGES });
      return messages.filter(({ role }) => role === 'assistant').length === 1 ? session : undefined;
    });
  }

  async #ask(
    model: ResolvedModel,
    { question, end: { reply }, sessionKey, account }: AnsweredQuestion,
    signal: AbortSignal,
  ): Promise<{ text: string; usage: TurnUsage | null }> {
    const { provider, modelId, api } = model;
    // The built-in guide does not make titles.
    if (api === null) return { text: '', usage: null };
    const said = `Question:\n${cutText(question, MAX_EXCERPT, '')}\n\nAnswer:\n${cutText(reply, MAX_EXCERPT, '')}`.toWellFormed();
    const messages: CompletionMessage[] = [
      { role: 'system', content: INSTRUCTIONS },
      { role: 'user', content: [{ type: 'text', text: said }] },
    ];
    const request = { modelId, messages, maxOutputTokens: MAX_TOKENS };
    const { clock, spending } = this.#options;
    const paid = { signal, clock, purse: spending.purse(account), inputTokens: () => estimateTokens(INSTRUCTIONS) + estimateTokens(said) };
    // It reserves no more than its own limit.
    const limitedModel = { ...model, maxTokens: MAX_TOKENS };
    let text = '';
    for await (const event of callModel(limitedModel, (limited) => provider.complete(request, limited), paid)) {
      if (event.type === 'text' && text.length < MAX_ANSWER) text += event.text;
      if (event.type !== 'finish' && event.type !== 'failed' && event.type !== 'aborted') continue;
      this.#options.publish(completionChange(model, event));
      if (event.type === 'finish') return { text: event.reason === 'stop' ? text : '', usage: addUsage(null, event.usage, model.prices) };
      const reason = event.type === 'failed' ? describeFailure(event.failure, model.failing, 'stateless') : undefined;
      this.#options.logger.info({ session: sessionKey, model: model.ref, err: reason }, 'the model did not name the session');
      break;
    }
    return { text: '', usage: null };
  }
}
