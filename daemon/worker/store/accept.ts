/**
 * What a program sends to a chat: the message in the chat's session, which is made where there is none, and on its way
 * out. The session is found by its key and the message by its id, so that no statement needs what another has given.
 */
import { sql } from 'kysely';
import { titleFrom } from './messages.js';
import { insertPart, insertRow, type Lane, type NewOutboxMessage } from './outbox.js';
import { otherwise, plainWrite, type PlainWrite } from './plain-write.js';
import { prepare } from './prepare.js';
import type { DeliveryState, Queries } from './schema.js';
import { insertBegun, livingId, type NewSession, touchByKey } from './sessions.js';

/** A message to take in, and the session of its chat. */
export interface Acceptance {
  readonly message: NewOutboxMessage;
  readonly session: NewSession;
}

interface Values extends NewSession, Lane {
  readonly id: string;
  readonly content: string;
  readonly title: string | null;
  readonly nowMs: number;
  readonly expiresAtMs: number;
  readonly state: DeliveryState;
  readonly finishedAtMs: number | null;
  /** The first one; nothing uses it where there is none. */
  readonly part: number;
  readonly body: string;
}

/** The gateway says it to the chat, so in the conversation it is the assistant's; no model wrote it. */
const insertSaid = prepare<Values>()((db, p) =>
  db.insertInto('messages').values({
    id: p.id,
    session_id: livingId(db, p.key),
    role: sql.lit('assistant' as const),
    content: p.content,
    status: sql.lit('complete' as const),
    created_at: p.nowMs,
  }),
);

const storeWhole = plainWrite<Values>(touchByKey, otherwise(insertBegun), insertSaid, insertRow);
const storeWithPart = plainWrite<Values>(touchByKey, otherwise(insertBegun), insertSaid, insertRow, insertPart);

/** Each by name: spread, they would cost as much as storing them. */
function valuesOf({ message, session }: Acceptance): Values {
  const { bodies, id, channel, accountId, chatId, content, nowMs, expiresAtMs } = message;
  const { key, agentId, peerKind, peerId } = session;
  const [body = ''] = bodies;
  const isDelivered = bodies.length === 0;
  return {
    key,
    agentId,
    channel,
    accountId,
    peerKind,
    peerId,
    chatId,
    id,
    content,
    title: titleFrom(content),
    nowMs,
    expiresAtMs,
    state: isDelivered ? 'delivered' : 'queued',
    finishedAtMs: isDelivered ? nowMs : null,
    part: 1,
    body,
  };
}

/** @returns what stores it, and with what; undefined where that is no plain write: a message of several parts */
export function asPlainWrite(acceptance: Acceptance): { write: PlainWrite<Values>; values: Values } | undefined {
  const { bodies } = acceptance.message;
  if (bodies.length > 1) return undefined;
  return { write: bodies.length === 0 ? storeWhole : storeWithPart, values: valuesOf(acceptance) };
}

/** The same for every message. Runs in a write. */
export async function storeAcceptance(db: Queries, acceptance: Acceptance): Promise<void> {
  const { id, bodies } = acceptance.message;
  await storeWhole.run(db, valuesOf(acceptance));
  for (const [index, body] of bodies.entries()) await insertPart.run(db, { id, part: index + 1, body });
}
