/** Messages on their way to chats outside, for people: what became of them, and what may be done about it. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import type { Outbox } from './outbox.js';
import { MESSAGE_TTL_MS } from './delivery-policy.js';
import { deleteOutboxMessage, findOutboxMessage, listOutbox, type OutboxSummary, requeueMessage } from '../store/delivery/outbox-pages.js';
import type { Store } from '../store/store.js';
import type { OutgoingDocument, OutgoingService } from '../contracts.js';
import type { Transaction } from '../store/transaction.js';

export interface OutgoingServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly outbox: Pick<Outbox, 'wake'>;
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

const isoTime = (ms: number): string => new Date(ms).toISOString();

function toDocument(row: OutboxSummary): OutgoingDocument {
  return {
    id: row.id,
    channel: row.channel,
    accountId: row.account_id,
    chat_id: row.chat_id,
    content: row.content,
    status: row.state,
    attempts: row.attempts,
    parts: row.parts,
    deliveredParts: row.delivered_parts,
    error: row.last_error,
    createdAt: isoTime(row.created_at),
    updatedAt: isoTime(row.updated_at),
    expiresAt: isoTime(row.expires_at),
    nextAttemptAt: row.state === 'retry_wait' ? isoTime(row.due_at) : null,
  };
}

function encodeCursor(seq: number): string {
  return Buffer.from(String(seq)).toString('base64url');
}

function decodeCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new GatewayError('INVALID_REQUEST', {
    message: `cursor '${cursor.slice(0, 80)}' is none that this API gave`,
    hint: 'Take nextCursor of the page before.',
  });
}

function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new GatewayError('INVALID_REQUEST', { message: `limit is ${limit}; it must be a whole number from 1 to ${MAX_LIMIT}` });
}

async function load(tx: Transaction, id: string): Promise<OutboxSummary> {
  const row = await findOutboxMessage(tx, id);
  if (row !== undefined) return row;
  throw new GatewayError('NOT_FOUND', {
    message: `there is no message '${id.slice(0, 80)}'`,
    details: { id },
    hint: 'GET /api/messages lists them; old ones are forgotten.',
  });
}

function conflict(row: OutboxSummary, why: string): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `the message '${row.id}' is ${row.state}: ${why}`,
    details: { id: row.id, status: row.state },
  });
}

export function createOutgoingService({ store, clock, outbox }: OutgoingServiceOptions): OutgoingService {
  return {
    async list({ status, channel, limit = DEFAULT_LIMIT, cursor }) {
      const size = checkLimit(limit);
      const rows = await store.read((tx) =>
        listOutbox(tx, {
          // One more than asked for tells whether there is another page.
          limit: size + 1,
          ...(status === undefined ? {} : { state: status }),
          ...(channel === undefined ? {} : { channel }),
          ...(cursor === undefined ? {} : { beforeSeq: decodeCursor(cursor) }),
        }),
      );
      const page = rows.slice(0, size);
      const last = rows.length > size ? page.at(-1) : undefined;
      return { messages: page.map(toDocument), nextCursor: last === undefined ? null : encodeCursor(last.seq) };
    },

    async get(id) {
      return toDocument(await store.read((tx) => load(tx, id)));
    },

    async retry(id) {
      const row = await store.write(async (tx) => {
        const before = await load(tx, id);
        if (before.state !== 'dead' && before.state !== 'unknown') throw conflict(before, 'only a dead or unknown one can be sent again');
        const nowMs = clock.now();
        await requeueMessage(tx, { seq: before.seq, nowMs, expiresAtMs: nowMs + MESSAGE_TTL_MS });
        return load(tx, id);
      });
      outbox.wake({ channel: row.channel, accountId: row.account_id, chatId: row.chat_id });
      return toDocument(row);
    },

    async drop(id) {
      const row = await store.write(async (tx) => {
        const before = await load(tx, id);
        if (before.state === 'sending') throw conflict(before, 'wait until the attempt has ended');
        if (before.state === 'delivered') throw conflict(before, 'it has arrived');
        await deleteOutboxMessage(tx, before.seq);
        return before;
      });
      // What waited behind it may be due.
      outbox.wake({ channel: row.channel, accountId: row.account_id, chatId: row.chat_id });
    },
  };
}
