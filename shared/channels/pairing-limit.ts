/** The limit of senders who wait for approval, for the gateway and what shows them. */

/** Per account: one person may have many accounts. */
export const MAX_PENDING_PAIRINGS = 20;

interface Pairing {
  readonly channel: string;
  readonly accountId: string;
  /** Null once approved. */
  readonly code: string | null;
}

/** Returns whether an account takes no further request. */
export function hasFullAccount(pairings: readonly Pairing[]): boolean {
  const counts = new Map<string, number>();
  for (const { channel, accountId, code } of pairings) {
    const key = `${channel}/${accountId}`;
    if (code !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts.values()].some((count) => count >= MAX_PENDING_PAIRINGS);
}
