/** What a load was promised and what arrived, compared at the end. */
import type { ReceivedWebhook } from '../../fakes/webhook-receiver/receiver.js';

export interface Promised {
  readonly chatId: string;
  readonly content: string;
}

export class Ledger {
  /** Answered with an id, by the order of acceptance within a chat. */
  readonly messages: Promised[] = [];
  /** Questions that were taken in from a chat; the model repeats each as its answer. */
  readonly questions: Promised[] = [];
  /** What went wrong, in words. */
  readonly faults: string[] = [];
  /** Calls without a key that failed, by kind. */
  readonly failures = new Map<string, number>();
  /** Calls that succeeded, by kind. */
  readonly done = new Map<string, number>();

  count(kind: string): void {
    this.done.set(kind, (this.done.get(kind) ?? 0) + 1);
  }

  fail(kind: string): void {
    this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
  }
}

/** First arrivals of each message, by chat, in order. */
export function firstArrivals(received: readonly ReceivedWebhook[]): Map<string, string[]> {
  const seen = new Set<string>();
  const chats = new Map<string, string[]>();
  for (const { id, chatId, content } of received) {
    if (seen.has(id)) continue;
    seen.add(id);
    chats.set(chatId, [...(chats.get(chatId) ?? []), content]);
  }
  return chats;
}

function byChat(promised: readonly Promised[]): Map<string, string[]> {
  const chats = new Map<string, string[]>();
  for (const { chatId, content } of promised) chats.set(chatId, [...(chats.get(chatId) ?? []), content]);
  return chats;
}

/** Compares chat by chat. @returns what is lost, too much or out of order, in words */
export function compare(promised: readonly Promised[], arrived: ReadonlyMap<string, readonly string[]>): string[] {
  return [...byChat(promised)].flatMap(([chatId, expected]) => {
    const found = arrived.get(chatId) ?? [];
    const lost = expected.filter((content) => !found.includes(content));
    const twice = found.filter((content, index) => found.indexOf(content) !== index);
    const known = found.filter((content, index) => expected.includes(content) && found.indexOf(content) === index);
    const isInOrder = known.every((content, index) => content === expected.filter((one) => found.includes(one))[index]);
    return [
      ...lost.map((content) => `${chatId}: '${content}' is lost`),
      ...twice.map((content) => `${chatId}: '${content}' came as two messages`),
      ...(isInOrder ? [] : [`${chatId}: out of order`]),
    ];
  });
}

/** Messages of an account that does not know repetitions which came more than once. */
export function repeated(received: readonly ReceivedWebhook[]): string[] {
  const counts = new Map<string, number>();
  for (const { id } of received) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1).map(([id, count]) => `${id} came ${count} times`);
}
