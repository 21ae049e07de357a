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

function byChat(messages: Iterable<Promised>): Map<string, string[]> {
  const chats = new Map<string, string[]>();
  for (const { chatId, content } of messages) {
    const chat = chats.get(chatId);
    if (chat === undefined) chats.set(chatId, [content]);
    else chat.push(content);
  }
  return chats;
}

/** First arrivals of each message, by chat, in order. */
export function firstArrivals(received: readonly ReceivedWebhook[]): Map<string, string[]> {
  const byId = new Map<string, ReceivedWebhook>();
  for (const webhook of received) if (!byId.has(webhook.id)) byId.set(webhook.id, webhook);
  return byChat(byId.values());
}

/** Compares chat by chat. @returns what is lost, too much or out of order, in words */
export function compare(promised: readonly Promised[], arrived: ReadonlyMap<string, readonly string[]>): string[] {
  return [...byChat(promised)].flatMap(([chatId, expected]) => {
    const found = arrived.get(chatId) ?? [];
    const [isExpected, isFound] = [new Set(expected), new Set(found)];
    const lost = expected.filter((content) => !isFound.has(content));
    const seen = new Set<string>();
    const twice = found.filter((content) => {
      const isRepeated = seen.has(content);
      seen.add(content);
      return isRepeated;
    });
    const known = [...isFound].filter((content) => isExpected.has(content));
    const inOrder = expected.filter((content) => isFound.has(content));
    return [
      ...lost.map((content) => `${chatId}: '${content}' is lost`),
      ...twice.map((content) => `${chatId}: '${content}' came as two messages`),
      ...(known.every((content, index) => content === inOrder[index]) ? [] : [`${chatId}: out of order`]),
    ];
  });
}

/** Messages of an account that does not know repetitions which came more than once. */
export function repeated(received: readonly ReceivedWebhook[]): string[] {
  const counts = new Map<string, number>();
  for (const { id } of received) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1).map(([id, count]) => `${id} came ${count} times`);
}
