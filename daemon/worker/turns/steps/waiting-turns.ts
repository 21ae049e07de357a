/**
 * Turns that wait for a person. Nothing is kept in memory: the requester of a turn waits in the store with it, and continues it
 * after the decision. A turn requested by neither a chat message nor a job is continued by an active worker, which polls for such
 * turns.
 *
 *   worker ends while a turn waits           → nothing happens
 *   decided while its worker stores the rest → the later of the two lets it go on
 *   worker ends after the decision           → the message, the job or the next look of a worker goes on with it
 *   its reply is for a chat                  → the reply is sent when the turn ends
 *   stopped, or its session was deleted      → it ends, and its questions are withdrawn
 *   its agent is gone after the decision     → it ends with that error, unless another gateway has the agent
 */
import type { ApprovalDocument } from '../../../../shared/api/tools/approvals.js';
import type { AgentConfig } from '../../../../shared/config/schema.js';
import { GatewayError } from '../../../../shared/errors.js';
import { approvalDocument } from '../../approvals/approval-document.js';
import { findAgent } from '../../config/agents.js';
import type { ProviderRegistry } from '../../providers/registry.js';
import { parseSessionKey } from '../../sessions/session-key.js';
import { findLaneOfTurn } from '../../store/approvals/approval-chats.js';
import { readApprovalsOfTurn } from '../../store/approvals/approvals.js';
import type { Lane } from '../../store/delivery/outbox.js';
import type { Liveness } from '../../store/liveness.js';
import type { Transaction } from '../../store/transaction.js';
import { readTurnSteps } from '../../store/turns/turn-steps.js';
import { listDecidedTurns, listWaitingTurns, type WaitingTurn, type WaitingWhere } from '../../store/turns/waiting-turns.js';
import { WorkLoop } from '../../store/tasks/work-loop.js';
import type { Deps } from '../../store/tasks/worker-deps.js';
import { chooseModels } from '../model/model-choice.js';
import type { TurnRequest } from '../turn-request.js';
import { stopReason, type TurnEvent } from '../turn-event.js';
import type { LiveTurns } from '../live-turns.js';
import { deliverReply, type ReplyOutbox } from './reply-delivery.js';
import { giveUpWaiting, resumeTurn } from './waiting.js';

export interface WaitingTurnsOptions extends Deps<'store' | 'clock' | 'logger' | 'instanceId' | 'config'> {
  readonly liveness: Pick<Liveness, 'isServedElsewhere' | 'lookAgainMs' | 'onChange'>;
  readonly live: Pick<LiveTurns, 'touch'>;
  readonly inbox: { wake(lane: Lane): void };
  readonly outbox: ReplyOutbox;
  readonly registry: () => ProviderRegistry;
}

/** The part that only the one active worker runs. */
interface Active {
  readonly turns: { start(request: TurnRequest, signal: AbortSignal): AsyncIterable<TurnEvent> };
  /** Looks for runs of jobs that are due. */
  wakeJobs(): void;
}

/** As many as chats of an account that are answered in parallel: after a night, many may be decided together. */
const MAX_AT_ONCE = 8;
/** Polling interval while another worker may leave a waiting turn. */
const LOOK_MS = 1_000;
/** Retry delay of a turn that could not begin. */
const RETRY_MS = 60_000;
const NEVER = new AbortController().signal;

export class WaitingTurns {
  readonly #options: WaitingTurnsOptions;
  readonly #loop: WorkLoop;
  readonly #running = new Set<string>();
  /** Turns found by the last poll that have not begun. */
  #decided: WaitingTurn[] = [];
  #active: Active | undefined;

  constructor(options: WaitingTurnsOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({
      ...options,
      problem: 'turns with a decision are waiting for the store',
      look: () => this.#look(),
      listen: (wake) => options.liveness.onChange('waiting', wake),
    });
  }

  /** Runs in the write that ends a question. */
  resume(tx: Transaction, turnId: string): Promise<void> {
    return resumeTurn(tx, { id: turnId, nowMs: this.#options.clock.now() });
  }

  /** To be called when that is committed. */
  resumed(turnId: string): void {
    const { store, inbox } = this.#options;
    this.#active?.wakeJobs();
    void this.look();
    // Messages that cannot be read now are found by the next poll of the inbox.
    store
      .read((tx) => findLaneOfTurn(tx, { turnId }))
      .then(
        (chat) => chat && inbox.wake(chat),
        () => undefined,
      );
  }

  /**
   * To be called when a turn has begun to wait. Its approvals may have been decided already. A turn that was stopped meanwhile ends.
   * @returns the approvals that it waits for; if all are decided, those of its last step, which show that its answer is not complete
   */
  async parked(turnId: string, signal: AbortSignal): Promise<ApprovalDocument[]> {
    if (signal.aborted && stopReason(signal).code !== 'STOPPING') await this.giveUp({ turnId }, stopReason(signal));
    this.resumed(turnId);
    const approvals = await this.#options.store.read((tx) => readApprovalsOfTurn(tx, turnId));
    const pending = approvals.filter(({ state }) => state === 'pending');
    return (pending.length > 0 ? pending : approvals.filter(({ step }) => step === approvals.at(-1)?.step)).map(approvalDocument);
  }

  /** Ends turns that wait. @returns whether there was one */
  async giveUp(where: WaitingWhere, reason: GatewayError, state?: 'error'): Promise<boolean> {
    const { store, clock, instanceId, inbox, live } = this.#options;
    if ((await store.read((tx) => listWaitingTurns(tx, where))).length === 0) return false;
    const facts = { instanceId, state, error: { code: reason.code, message: reason.message }, nowMs: clock.now() };
    const ended = await store.write((tx) => giveUpWaiting(tx, where, facts));
    // A run of the same job may have waited behind that of the turn.
    this.#active?.wakeJobs();
    for (const { sessionKey, chat } of ended) {
      live.touch(sessionKey);
      if (chat !== undefined) inbox.wake(chat);
    }
    return ended.length > 0;
  }

  /** Ends waiting turns that were left when their session was deleted: the worker ended, or the store failed. */
  async giveUpDeleted(): Promise<void> {
    await this.giveUp('deleted', new GatewayError('SESSION_NOT_FOUND', { message: 'the session was deleted' }));
  }

  /** Never rejects. */
  async start(active: Active): Promise<void> {
    this.#active = active;
    await this.giveUpDeleted().catch(() => undefined);
    await this.#loop.start();
  }

  /** Continues no more turns; the runner drains running ones. */
  async stop(): Promise<void> {
    this.#active = undefined;
    await this.#loop.stop();
  }

  /** Continues decided turns. Never rejects. */
  look(): Promise<void> {
    return this.#loop.wake();
  }

  async #look(): Promise<number | undefined> {
    const decided = await this.#options.store.read(listDecidedTurns);
    this.#decided = decided.filter(({ id }) => !this.#running.has(id));
    this.#begin();
    return this.#options.liveness.lookAgainMs(LOOK_MS) ?? (decided.length > 0 ? RETRY_MS : undefined);
  }

  #begin(): void {
    while (this.#active !== undefined && this.#running.size < MAX_AT_ONCE) {
      const turn = this.#decided.shift();
      if (turn === undefined) return;
      void this.#run(turn, this.#active.turns);
    }
  }

  /** Never rejects: the answer is in the session. */
  async #run(turn: WaitingTurn, turns: Active['turns']): Promise<void> {
    this.#running.add(turn.id);
    try {
      const agent = await this.#agentOf(turn);
      if (agent === undefined) return;
      for await (const event of turns.start(await this.#prepare(turn, agent), NEVER)) if (event.type === 'error') throw event.error;
    } catch (error) {
      // Another worker continues it, or it has ended.
      const isGone = error instanceof GatewayError && (error.code === 'CONFLICT' || error.code === 'SESSION_NOT_FOUND');
      if (!isGone) this.#options.logger.warn({ turnId: turn.id, err: error }, 'a turn did not complete after its decision');
    } finally {
      this.#running.delete(turn.id);
      this.#begin();
    }
  }

  /** @returns undefined when another gateway has the agent, or when none has it: then the turn has ended */
  async #agentOf({ id, agentId }: WaitingTurn): Promise<AgentConfig | undefined> {
    const { store, config, liveness } = this.#options;
    try {
      return findAgent(config(), agentId);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const isElsewhere = await store.read((tx) => liveness.isServedElsewhere(tx, [`agent:${agentId}`]));
      if (!isElsewhere) await this.giveUp({ turnId: id }, error, 'error');
      return undefined;
    }
  }

  async #prepare({ id, tokenId, questionId, text, replyTo, session }: WaitingTurn, agent: AgentConfig): Promise<TurnRequest> {
    const { store, config, registry } = this.#options;
    const parts = parseSessionKey(session.key);
    if (parts === undefined) throw new Error(`invalid session key '${session.key}'`);
    const steps = await store.read((tx) => readTurnSteps(tx, id));
    // Uses the model that began it; if that no longer exists, the turn ends with that error.
    const chosen = { requested: undefined, session: steps.at(-1)?.ref ?? session.model, agent, config: config() };
    return {
      agent,
      session: parts,
      mustExist: true,
      text,
      candidates: await chooseModels(chosen, registry()),
      asker: 'program',
      messageId: questionId,
      previousTurnId: id,
      ...(tokenId === null ? {} : { origin: { tokenId } }),
      hooks: {
        ...(replyTo && deliverReply(this.#options, replyTo)),
        begun: async (_tx, begun) => {
          if (begun.id !== id) throw new GatewayError('CONFLICT', { message: 'another worker of the gateway goes on with this turn' });
        },
      },
    };
  }
}
