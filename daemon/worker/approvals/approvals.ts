/** Handles decisions about tool calls. A decision and the continuation of its turn are one transaction. */
import type { ApprovalDocument, ApprovalListQuery, DecisionRequest, GrantDocument } from '../../../shared/api/tools/approvals.js';
import { type Clock, isoTime } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { sayOfApproval } from '../../../shared/text/sentences/approval.js';
import type { AccessToken } from '../access/access-tokens.js';
import { isSessionAllowed, mayUseSession, ownAccount } from '../access/allowed.js';
import type { FindChat } from '../store/approvals/approval-chats.js';
import { type Approval, decideApproval, type Decider, type Decision, findApproval, listApprovals } from '../store/approvals/approvals.js';
import { addGrant, findGrant, listGrants, removeGrant } from '../store/approvals/grants.js';
import type { Lane } from '../store/delivery/outbox.js';
import { pageOf } from '../store/pages.js';
import type { Store } from '../store/store.js';
import type { Transaction } from '../store/transaction.js';
import { approvalDocument, grantDocument, sayDecider } from './approval-document.js';
import { permissionOf } from './policy.js';

export type { Decider } from '../store/approvals/approvals.js';

/** The turns that wait for decisions. */
export interface WaitingTurns {
  /** Lets the turn continue, unless another of its calls still waits. Runs in the transaction that ends one of its approvals. */
  resume(tx: Transaction, turnId: string): Promise<void>;
  /** To be called after the commit. */
  resumed(turnId: string): void;
}

export interface ApprovalsOptions {
  readonly store: Pick<Store, 'read' | 'write'>;
  readonly clock: Clock;
  readonly config: () => Config;
  readonly waiting: WaitingTurns;
  readonly findChat: FindChat;
}

/** The caller's access token; undefined may do everything. */
export type Viewer = Pick<AccessToken, 'id' | 'name' | 'scopes' | 'agents'> | undefined;

export interface MadeDecision extends DecisionRequest {
  readonly id: number;
  readonly by: Decider;
}

export interface DecisionOutcome {
  readonly approval: Approval;
  /** False if the same caller had already made the same decision. */
  readonly isNew: boolean;
}

/** A session, and the chat in which it takes place. */
export interface Place {
  readonly sessionKey: string;
  readonly chat: Lane;
}

/** What a token that is limited to agents may see and decide. */
const OWN = 'Use it for approvals and grants of its own conversations.';
const DEFAULT_LIMIT = 50;
/** Maximum number of the gateway's pending approvals searched for those of one chat. */
const MAX_PENDING = 1_000;

function unknown(id: number): GatewayError {
  return new GatewayError('NOT_FOUND', { message: sayOfApproval('approval-unknown', { id }), details: { id } });
}

/** Returns why an approval that has ended cannot be decided. */
function ended(approval: Approval): GatewayError {
  const { id, state, decidedBy, decidedAtMs } = approval;
  const details = { approval: approvalDocument(approval) };
  if (state === 'cancelled' || decidedBy === null || decidedAtMs === null) {
    const code = state === 'cancelled' ? 'approval-cancelled' : 'approval-expired';
    return new GatewayError('CONFLICT', { message: sayOfApproval(code, { id }), details });
  }
  const values = { id, who: sayDecider(decidedBy), at: isoTime(decidedAtMs) };
  const message = sayOfApproval(state === 'approved' ? 'approval-approved' : 'approval-denied', values);
  return new GatewayError('CONFLICT', { message, details });
}

/** Whether an approval was decided in exactly this way. */
function isSameDecision(
  { state, decidedBy, note, remember }: Approval,
  made: Pick<Decision, 'state' | 'by' | 'note' | 'remember'>,
): boolean {
  const isSameCaller = decidedBy?.via === made.by.via && decidedBy.name === made.by.name;
  return isSameCaller && state === made.state && note === made.note && remember === made.remember;
}

export class Approvals {
  readonly #options: ApprovalsOptions;

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  /** Newest first. `limit` 1–200, default 50. */
  async list(query: ApprovalListQuery, viewer: Viewer): Promise<{ approvals: ApprovalDocument[]; nextCursor: string | null }> {
    const { limit = DEFAULT_LIMIT, state, session: sessionKey, cursor: beforeId } = query;
    const wanted = { limit: limit + 1, state, sessionKey, ownAccount: ownAccount(viewer), beforeId };
    const found = await this.#options.store.read((tx) => listApprovals(tx, wanted));
    const { page, nextCursor } = pageOf(found, limit, ({ id }) => String(id));
    return { approvals: page.map(approvalDocument), nextCursor };
  }

  /** @throws NOT_FOUND, FORBIDDEN */
  async get(id: number, viewer: Viewer): Promise<ApprovalDocument> {
    return approvalDocument(await this.#options.store.read((tx) => this.#load(tx, id, viewer)));
  }

  /** Returns the approval if it belongs to the session or was requested in its chat. */
  async findIn(id: number, place: Place): Promise<ApprovalDocument | undefined> {
    return this.#options.store.read(async (tx) => {
      const approval = await findApproval(tx, id);
      return approval !== undefined && (await this.#isOf(tx, approval, place)) ? approvalDocument(approval) : undefined;
    });
  }

  /** Returns the pending approvals of the session and its chat, oldest first. */
  async pendingIn(place: Place): Promise<ApprovalDocument[]> {
    return this.#options.store.read(async (tx) => {
      const found: ApprovalDocument[] = [];
      for (const approval of (await listApprovals(tx, { state: 'pending', limit: MAX_PENDING })).toReversed())
        if (await this.#isOf(tx, approval, place)) found.push(approvalDocument(approval));
      return found;
    });
  }

  /** Whether the chat is that of the approval's turn. */
  async isAskedIn(tx: Transaction, { turnId }: Approval, { channel, accountId, chatId }: Lane): Promise<boolean> {
    const chat = await this.#options.findChat(tx, turnId);
    return chat?.channel === channel && chat.accountId === accountId && chat.chatId === chatId;
  }

  /** @throws NOT_FOUND, FORBIDDEN; CONFLICT when it was decided differently or by someone else, or is no longer needed */
  async decide(decision: MadeDecision, viewer: Viewer): Promise<ApprovalDocument> {
    const outcome = await this.#options.store.write(async (tx) => {
      await this.#load(tx, decision.id, viewer);
      if (decision.remember === 'agent') mayUseSession(viewer, null, "Use 'session' for 'remember'.");
      return this.decideIn(tx, decision);
    });
    this.decided(outcome);
    return approvalDocument(outcome.approval);
  }

  /** Like {@link decide}, inside the caller's transaction. The caller calls {@link decided} after the commit. */
  async decideIn(tx: Transaction, made: MadeDecision): Promise<DecisionOutcome> {
    const { id, decision, by } = made;
    const [note, remember] = [made.note ?? null, made.remember ?? null];
    const nowMs = this.#options.clock.now();
    const before = await this.#load(tx, id, undefined);
    const state = decision === 'approve' ? 'approved' : 'denied';
    if (state === 'approved') this.#mustNotBeDenied(before);
    const approval = await decideApproval(tx, { id, state, by, note, remember, nowMs });
    if (approval === undefined) {
      if (isSameDecision(before, { state, by, note, remember })) return { approval: before, isNew: false };
      throw ended(before);
    }
    if (remember !== null) await addGrant(tx, approval, { for: remember, nowMs });
    await this.#options.waiting.resume(tx, approval.turnId);
    return { approval, isNew: true };
  }

  /** Lets the turn continue after its decision has been committed. */
  decided({ approval, isNew }: DecisionOutcome): void {
    if (isNew) this.#options.waiting.resumed(approval.turnId);
  }

  /** Oldest first. */
  async grants(viewer: Viewer): Promise<GrantDocument[]> {
    const grants = await this.#options.store.read(listGrants);
    return grants.filter(({ sessionKey }) => isSessionAllowed(viewer, sessionKey)).map(grantDocument);
  }

  /** @throws NOT_FOUND, FORBIDDEN */
  async removeGrant(id: number, viewer: Viewer): Promise<GrantDocument> {
    return this.#options.store.write(async (tx) => {
      const grant = await findGrant(tx, id);
      if (grant === undefined) throw new GatewayError('NOT_FOUND', { message: sayOfApproval('grant-unknown', { id }), details: { id } });
      mayUseSession(viewer, grant.sessionKey, OWN);
      await removeGrant(tx, id);
      return grantDocument(grant);
    });
  }

  /** A job's question is asked in the chat that the job reports to, but belongs to the job's session. */
  async #isOf(tx: Transaction, approval: Approval, { sessionKey, chat }: Place): Promise<boolean> {
    return approval.sessionKey === sessionKey || this.isAskedIn(tx, approval, chat);
  }

  async #load(tx: Transaction, id: number, viewer: Viewer): Promise<Approval> {
    const approval = await findApproval(tx, id);
    if (approval === undefined) throw unknown(id);
    mayUseSession(viewer, approval.sessionKey, OWN);
    return approval;
  }

  /** A call that the configuration now denies is not approved. */
  #mustNotBeDenied(approval: Approval): void {
    const config = this.#options.config();
    const agent = config.agents.list.find(({ id }) => id === approval.agentId);
    if (agent === undefined || permissionOf(config, agent, { name: approval.tool, isReadOnly: false, isBuiltIn: false }) !== 'deny') return;
    throw new GatewayError('CONFLICT', {
      message: sayOfApproval('approval-tool-denied', { tool: approval.tool }),
      details: { approval: approvalDocument(approval) },
      hint: 'Change the permissions of the agent, or deny the call.',
    });
  }
}
