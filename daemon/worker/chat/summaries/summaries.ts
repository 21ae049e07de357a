/**
 * Summarises the older messages of long conversations, so that models still know their content. This happens after a turn, in
 * parallel with later turns; until a summary exists, or if none can be made, the oldest messages are omitted.
 */
import type { AgentConfig } from '../../../../shared/config/schema.js';
import { newId } from '../../../../shared/ids.js';
import type { CompletionChange } from '../../turns/model/completion-change.js';
import type { ProviderRegistry, ResolvedModel } from '../../providers/registry.js';
import type { PublishSession } from '../../sessions/sessions.js';
import { isRefusedAccount, type Spending } from '../../spending/spending.js';
import { findMessage } from '../../store/conversations/messages.js';
import { findSession, type Session } from '../../store/conversations/sessions.js';
import { acquireLease, releaseLease } from '../../store/leases.js';
import { countSummaryUsage, findSummary, insertSummary, readUndoneSeq, type Summary } from '../../store/summaries/summaries.js';
import type { Deps } from '../../store/tasks/worker-deps.js';
import type { ContextFill } from '../../turns/memory/earlier-messages.js';
import { MAX_MESSAGES } from '../../turns/model/context.js';
import { resolveFor } from '../../turns/model/model-choice.js';
import type { TurnChange } from '../../turns/turn-journal.js';
import { askSummary, partTokens } from './ask-summary.js';
import { type ConversationPart, type ConversationSource, findCut, hasGrown, readPart } from './conversation-part.js';

export interface SummariesOptions
  extends Omit<ConversationSource, 'store'>, Deps<'store' | 'clock' | 'logger' | 'instanceId' | 'liveness' | 'config'> {
  readonly registry: () => ProviderRegistry;
  readonly spending: Pick<Spending, 'purse'>;
  readonly publish: (event: CompletionChange | TurnChange | Parameters<PublishSession>[0]) => void;
}

/** A summary is made when the messages since the last one take more of the model's context than this. */
const FULL_SHARE = 0.6;
/** The newest messages are kept verbatim, up to this share. */
const KEPT_SHARE = 0.25;
/** Time limit for one conversation in total. */
const TIMEOUT_MS = 300_000;
/** Maximum summaries per conversation at a time; the rest follows after its next turn. */
const MAX_CALLS = 12;
/** Maximum per worker at a time. A conversation beyond it is checked again after its next turn. */
const MAX_AT_ONCE = 3;
/** How often to halve a part that turns out too long for the model. */
const MAX_HALVINGS = 3;
const FIRST_PAUSE_MS = 600_000;
const LAST_PAUSE_MS = 21_600_000;
/** How often a free call gives way to the next questions of its conversation. */
const MAX_YIELDS = 3;
const MAX_KNOWN = 1_000;

/** The state of the attempts for one session. */
interface Trouble {
  readonly failures: number;
  readonly yields: number;
  readonly untilMs: number;
}
const NO_TROUBLE: Trouble = { failures: 0, yields: 0, untilMs: 0 };

interface Job {
  readonly fill: ContextFill;
  readonly agent: AgentConfig;
  readonly model: ResolvedModel;
  readonly signal: AbortSignal;
}

/** The input of a summary. */
interface Source {
  readonly session: Session;
  readonly undoneSeq: number;
  readonly earlier: Pick<Summary, 'coversSeq' | 'content'> | undefined;
}

type Outcome = { readonly problem: unknown } | 'done' | 'stopped';

const sizeOf = (share: number, { budgetTokens }: ContextFill) => ({ tokens: budgetTokens * share, messages: MAX_MESSAGES * share });

const leaseKey = (sessionId: number): string => `summary:${sessionId}`;

/** A self-hosted server may answer only one request at a time. */
const isFree = ({ prices }: ResolvedModel): boolean => prices === null || (prices.input === 0 && prices.output === 0);

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_KNOWN && oldest !== undefined) map.delete(oldest);
}

export class Summaries {
  readonly #options: SummariesOptions;
  /** By session. */
  readonly #fills = new Map<string, ContextFill>();
  readonly #troubles = new Map<string, Trouble>();
  readonly #running = new Map<string, { readonly stop: AbortController; readonly done: Promise<void>; readonly isFree: boolean }>();
  #isStopped = false;

  constructor(options: SummariesOptions) {
    this.#options = options;
  }

  /** Called with a turn's context usage. */
  noteFill = (fill: ContextFill): void => {
    if (fill.share >= FULL_SHARE) remember(this.#fills, fill.session.key, fill);
  };

  /** Returns a function that publishes a change of a turn and then notifies the summaries. */
  following(publish: (change: TurnChange) => void): (change: TurnChange) => void {
    return (change) => {
      publish(change);
      this.#onTurn(change);
    };
  }

  /** Called when a turn has begun or ended. Returns at once. */
  #onTurn({ session: key, agentId, state }: TurnChange): void {
    if (state === 'started') return this.#yield(key);
    const fill = this.#fills.get(key);
    this.#fills.delete(key);
    if (fill === undefined || state !== 'done' || this.#isStopped) return;
    const { config, clock } = this.#options;
    const { agents } = config();
    const agent = agents.list.find(({ id }) => id === agentId);
    // A job's own session needs no memory.
    if (agent === undefined || !(agent.summaries ?? agents.defaults.summaries) || fill.session.channel === 'cron') return;
    if (this.#running.has(key) || this.#running.size >= MAX_AT_ONCE || this.#troubleOf(key).untilMs > clock.now()) return;
    this.#begin(fill, agent);
  }

  /** Ends all calls and starts no more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const running = [...this.#running.values()];
    for (const { stop } of running) stop.abort();
    await Promise.all(running.map(({ done }) => done));
  }

  #troubleOf(key: string): Trouble {
    return this.#troubles.get(key) ?? NO_TROUBLE;
  }

  #yield(key: string): void {
    const running = this.#running.get(key);
    const trouble = this.#troubleOf(key);
    if (running?.isFree !== true || trouble.yields >= MAX_YIELDS) return;
    remember(this.#troubles, key, { ...trouble, yields: trouble.yields + 1 });
    running.stop.abort();
  }

  #begin(fill: ContextFill, agent: AgentConfig): void {
    const { clock } = this.#options;
    const { key } = fill.session;
    const stop = new AbortController();
    const timeout = new AbortController();
    const cancel = clock.after(TIMEOUT_MS, () => timeout.abort());
    const signal = AbortSignal.any([stop.signal, timeout.signal]);
    const { summaryModel: ref = fill.model.ref } = this.#options.config().agents.defaults;
    const model = this.#modelFor(ref, fill, agent);
    const work = model instanceof Error ? Promise.resolve({ problem: model }) : this.#holdingLease({ fill, agent, model, signal });
    const done = work
      // The next turn may be paid by another account.
      .catch((error: unknown): Outcome => (isRefusedAccount(error) ? 'stopped' : { problem: error }))
      .then((outcome) => {
        cancel();
        this.#running.delete(key);
        if (!stop.signal.aborted) this.#note(key, ref, outcome);
      });
    this.#running.set(key, { stop, done, isFree: !(model instanceof Error) && isFree(model) });
  }

  #modelFor(ref: string, { model }: ContextFill, agent: AgentConfig): ResolvedModel | Error {
    const { config, registry } = this.#options;
    try {
      return ref === model.ref ? model : resolveFor({ agent, config: config() }, ref, registry());
    } catch (error) {
      return error as Error;
    }
  }

  /** A failure is logged once until an attempt succeeds. */
  #note(key: string, model: string, outcome: Outcome): void {
    if (outcome === 'done') this.#troubles.delete(key);
    if (typeof outcome === 'string') return;
    const { clock, logger } = this.#options;
    const { failures, yields } = this.#troubleOf(key);
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, LAST_PAUSE_MS);
    remember(this.#troubles, key, { failures: failures + 1, yields, untilMs: clock.now() + pauseMs });
    if (failures > 0) return;
    const message = 'the older messages of a conversation could not be summarised; they are left out instead';
    logger.warn({ session: key, model, err: outcome.problem }, message);
  }

  /** Only one worker at a time summarises a session. */
  async #holdingLease(job: Job): Promise<Outcome> {
    const { store, clock, instanceId: owner, liveness } = this.#options;
    const key = leaseKey(job.fill.session.id);
    if (!(await store.write((tx) => acquireLease(tx, { key, owner, liveness, nowMs: clock.now() })))) return 'stopped';
    try {
      return await this.#make(job);
    } finally {
      await store.write((tx) => releaseLease(tx, { key, owner }));
    }
  }

  /** Makes summaries one after another, each from the previous one and the next messages, until only the newest messages are left. */
  async #make(job: Job): Promise<Outcome> {
    const { fill, model } = job;
    const { id: sessionId, key } = fill.session;
    let untilSeq: number | undefined;
    let halvings = 0;
    for (let calls = 0; calls < MAX_CALLS; calls += 1) {
      const source = await this.#readSource(fill);
      if (source === undefined) return 'stopped';
      const { earlier, session } = source;
      const afterSeq = earlier?.coversSeq ?? session.contextAfterSeq;
      untilSeq ??= await findCut(this.#options, { sessionId, afterSeq, keep: sizeOf(KEPT_SHARE, fill) });
      const maxTokens = Math.floor(partTokens(model, earlier?.content ?? '') / 2 ** halvings);
      if (maxTokens < 200) return { problem: 'the context window of the model is too small' };
      const part = await readPart(this.#options, { sessionId, afterSeq, untilSeq, maxTokens });
      if (part === undefined || part.text === '') return 'done';
      const result = await this.#write(job, source, part);
      if (result === 'shorter' && halvings < MAX_HALVINGS) halvings += 1;
      else if (result !== 'stored') return result === 'shorter' ? { problem: 'it is too long for the model' } : result;
    }
    this.#options.logger.info({ session: key }, 'a part of a very long conversation is summarised; the rest follows after its next turn');
    return 'done';
  }

  /** Returns undefined when the conversation has changed branches, or a reader has chosen its full history. */
  async #readSource(fill: ContextFill): Promise<Source | undefined> {
    const { id, key, contextAfterSeq: afterSeq } = fill.session;
    const source = await this.#options.store.read(async (tx) => {
      const session = await findSession(tx, key);
      if (session?.id !== id || session.contextAfterSeq !== afterSeq) return undefined;
      return { session, undoneSeq: await readUndoneSeq(tx, id), earlier: await findSummary(tx, { sessionId: id, afterSeq }) };
    });
    if (source === undefined || source.undoneSeq <= (source.earlier?.coversSeq ?? afterSeq)) return source;
    const grown = { sessionId: id, afterSeq: source.undoneSeq, atLeast: sizeOf(FULL_SHARE, fill) };
    return (await hasGrown(this.#options, grown)) ? source : undefined;
  }

  async #write(job: Job, source: Source, part: ConversationPart): Promise<Outcome | 'stored' | 'shorter'> {
    const { clock, publish, spending, store } = this.#options;
    const { agent, model, signal, fill } = job;
    const { session, earlier } = source;
    const said = { earlier: earlier?.content ?? '', said: part.text, agentId: agent.id };
    const purse = spending.purse({ ...fill.origin, agent, kind: 'summary' });
    const written = await askSummary({ ...said, model, signal, clock, publish, purse });
    const isStored = await store.write(async (tx) => {
      if (written.usage !== null) await countSummaryUsage(tx, session.id, written.usage);
      if (written.type === 'failed') return false;
      const now = await findSession(tx, session.key);
      const last = await findMessage(tx, part.last.id);
      const isSame = now?.id === session.id && now.contextAfterSeq === session.contextAfterSeq && last?.parentSeq === null;
      if (!isSame || (await readUndoneSeq(tx, session.id)) !== source.undoneSeq) return false;
      const { text: content, usage } = written;
      const nowMs = clock.now();
      const summary = { id: newId('sum'), sessionId: session.id, coversSeq: part.last.seq, content, model: model.ref, nowMs };
      await insertSummary(tx, { ...summary, usage: usage ?? { inputTokens: null, outputTokens: null, costUsd: null } });
      return true;
    });
    if (written.type === 'failed') return written.isTooLong ? 'shorter' : { problem: written.problem };
    if (!isStored) return 'stopped';
    publish({ type: 'session', session: session.key, change: 'updated' });
    return 'stored';
  }
}
