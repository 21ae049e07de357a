/** Reads approvals: all that are pending, on each connection, those of a session that is shown, and each that an event names. */
import { effect, signal } from '@preact/signals';
import type { ApprovalDocument } from '../../../../../shared/api/tools/approvals.js';
import { approvals } from '../../../api/approvals.js';
import { AGAIN_MS, ApiError, apiPath, call, isRefused } from '../../../api/client.js';
import { gateway, isGatewayAway, pageSocket } from '../../../api/socket.js';

const MAX_PENDING = 200;
/** Number of decided approvals of one session; earlier ones are visible in its tool results. */
const MAX_OF_SESSION = 50;
const LAST_WAIT_MS = 15_000;

interface List {
  readonly approvals: readonly ApprovalDocument[];
}

/** Those seen decided, which is final: an answer in which one of them is pending was made before. A restored database gives their numbers to others. */
const ended = signal<ReadonlySet<string>>(new Set());

const nameOf = ({ id, turnId }: ApprovalDocument): string => `${id} ${turnId}`;

/** Adds loaded approvals. @returns those that are pending, and the last decided ones of one session */
export function withRead(known: readonly ApprovalDocument[], read: readonly ApprovalDocument[], session: string): ApprovalDocument[] {
  ended.value = new Set([...ended.peek(), ...read.filter(({ state }) => state !== 'pending').map(nameOf)]);
  const latest = read.filter((approval) => approval.state !== 'pending' || !ended.peek().has(nameOf(approval)));
  const byId = new Map([...known, ...latest].map((approval) => [approval.id, approval]));
  const all = [...byId.values()].toSorted((a, b) => a.id - b.id);
  const decided = all.filter((approval) => approval.state !== 'pending' && approval.session === session).slice(-MAX_OF_SESSION);
  return all.filter((approval) => approval.state === 'pending' || decided.includes(approval));
}

/** The session that is shown, or was last. */
const followed = { session: '' };

function take(read: readonly ApprovalDocument[]): void {
  approvals.value = withRead(approvals.peek(), read, followed.session);
}

/**
 * Returns a function that reads at once, and repeats that after growing delays until it succeeds, is aborted, or is not allowed: the socket may
 * stay connected while a read fails. While the gateway is away, the next connection reads.
 */
function untilRead(read: () => Promise<void>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = (waitMs: number): void => {
    clearTimeout(timer);
    read().catch((error: unknown) => {
      clearTimeout(timer);
      if (!(error instanceof ApiError) || isRefused(error)) return;
      timer = setTimeout(() => isGatewayAway() || begin(Math.min(waitMs * 2, LAST_WAIT_MS)), waitMs);
    });
  };
  return () => begin(AGAIN_MS);
}

async function readPending(): Promise<void> {
  const path = apiPath('/api/approvals', {}, { state: 'pending', limit: MAX_PENDING });
  const { approvals: read } = await call<List>('GET', path);
  const missed = approvals.peek().filter(({ id, state }) => state === 'pending' && !read.some((other) => other.id === id));
  take(read);
  await Promise.all(missed.map(({ id }) => readApproval(id)));
}

export async function readApproval(id: number): Promise<ApprovalDocument> {
  const { approval } = await call<{ approval: ApprovalDocument }>('GET', apiPath('/api/approvals/:id', { id: String(id) }));
  take([approval]);
  return approval;
}

async function readOfSession(session: string, signal: AbortSignal): Promise<void> {
  const path = apiPath('/api/approvals', {}, { session, limit: MAX_OF_SESSION });
  take((await call<List>('GET', path, { signal })).approvals);
}

/** Reads the approvals of a session, decided ones included, now and on each new connection. @returns a function that stops this */
export function followSession(session: string): () => void {
  followed.session = session;
  const reading = new AbortController();
  const read = untilRead(() => readOfSession(session, reading.signal));
  const stop = effect(() => {
    if (gateway.value !== undefined) read();
  });
  return () => {
    reading.abort();
    stop();
  };
}

/** Keeps the pending approvals of all sessions up to date as long as the page is open. */
export function followPending(): void {
  const readAll = untilRead(readPending);
  pageSocket.onConnected(readAll);
  pageSocket.listen((frame) => {
    if (frame.type !== 'event') return;
    if (frame.name === 'approval') readApproval(Number(frame.data['id'])).catch(readAll);
    else if (frame.name === 'reset') readAll();
  });
}
