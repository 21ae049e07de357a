/**
 * Creates a page session in steps, so that other writes wait only for a step, not for a whole conversation. The session becomes
 * visible once it is complete.
 */
import type { SessionDocument } from '../../../shared/api/sessions.js';
import { newId } from '../../../shared/ids.js';
import { findAgent } from '../config/agents.js';
import { purgeInSteps } from '../store/conversations/purge.js';
import { dropStagedSession, publishSession, STAGED_AT, stageSession } from '../store/conversations/session-import.js';
import { purgeSessions } from '../store/conversations/session-removal.js';
import {
  changeSession,
  getSession,
  renewSession,
  type Session,
  type SessionChange,
  toSessionDocument,
} from '../store/conversations/sessions.js';
import { type CallerKey, type KeyUse, once } from '../store/idempotency.js';
import type { Transaction } from '../store/transaction.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { sessionOf } from './session-key.js';
import type { PublishSession } from './sessions.js';

/** Bounds a step. The message that reaches the length is the last of its step. */
export const STEP_MESSAGES = 200;
export const STEP_LENGTH = 262_144;

export interface SessionMakerOptions extends Deps<'store' | 'clock' | 'instanceId' | 'config'> {
  readonly publish: PublishSession;
}

/** Runs a part of the work in a transaction, which may be repeated. */
export type Step = <T>(work: (tx: Transaction, staged: Session) => Promise<T>) => Promise<T>;

/** Completes a session that has been filled. */
export interface Filled {
  /** The caller's key. */
  readonly use: KeyUse | undefined;
  readonly agentId: string;
  readonly change: SessionChange;
}

/** For the default agent, which may only be known at the end. Runs in a transaction. */
async function stage(tx: Transaction, { config, clock, instanceId }: SessionMakerOptions): Promise<Session> {
  const parts = sessionOf({ agentId: findAgent(config(), undefined).id, channel: 'webchat', peerId: newId('chat') });
  return stageSession(tx, { ...parts, nowMs: clock.now(), instanceId });
}

/** Returns the session's key. Runs in a transaction. */
async function complete(
  tx: Transaction,
  { clock, instanceId }: SessionMakerOptions,
  { id, peerId, agentId, change }: Pick<Session, 'id' | 'peerId'> & Omit<Filled, 'use'>,
): Promise<string> {
  const { key } = sessionOf({ agentId, channel: 'webchat', peerId });
  await changeSession(tx, id, { ...change, unread: false });
  await renewSession(tx, { id, nowMs: clock.now() });
  if (!(await publishSession(tx, { id, key, agentId, instanceId }))) throw new Error('the new session was removed meanwhile');
  return key;
}

/** Removes an incomplete session. Never rejects. */
async function abandon({ store, instanceId }: SessionMakerOptions, { id }: Session): Promise<void> {
  try {
    await store.write((tx) => dropStagedSession(tx, { id, instanceId }));
    await purgeInSteps(
      store,
      (tx) => purgeSessions(tx, STAGED_AT),
      () => true,
    );
  } catch {
    // The rest is purged after this instance has ended.
  }
}

/**
 * Creates a session that `fill` fills. A repeated key with the same request returns the existing session. @throws CONFLICT for a
 * key used by another request; the errors of `fill`
 */
export async function makeSession(
  options: SessionMakerOptions,
  caller: CallerKey | undefined,
  fill: (step: Step) => Promise<Filled>,
): Promise<SessionDocument> {
  const { store, clock, publish } = options;
  let staged: Session | undefined;
  const step: Step = async (work) => {
    const done = await store.write(async (tx) => {
      const session = staged ?? (await stage(tx, options));
      return { session, value: await work(tx, session) };
    });
    staged = done.session;
    return done.value;
  };
  try {
    const { use, ...filled } = await fill(step);
    const { session, isRepeated } = await step(async (tx, { id, peerId }) => {
      const act = () => complete(tx, options, { id, peerId, ...filled });
      const done = await once(tx, { use, nowMs: clock.now(), act });
      return { session: toSessionDocument(await getSession(tx, done.result)), isRepeated: done.isRepeated };
    });
    if (isRepeated) {
      caller?.onReplay?.();
      if (staged !== undefined) await abandon(options, staged);
    } else publish({ type: 'session', session: session.key, change: 'created' });
    return session;
  } catch (error) {
    if (staged !== undefined) await abandon(options, staged);
    throw error;
  }
}
