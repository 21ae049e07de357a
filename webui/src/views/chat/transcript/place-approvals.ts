/** Where approvals stand in a conversation. */
import type { PlacedMessage } from '../../../../../shared/api/sessions.js';
import type { ApprovalDocument } from '../../../../../shared/api/tools/approvals.js';

export type Places = ReadonlyMap<number | undefined, readonly ApprovalDocument[]>;

/**
 * Returns the approvals by the `seq` of the message that they stand before, and those at the end: a decided one stands where it was decided.
 * What was decided before the first message is not shown.
 */
export function placeApprovals(own: readonly ApprovalDocument[], messages: readonly Pick<PlacedMessage, 'seq' | 'createdAt'>[]): Places {
  const places = new Map<number | undefined, readonly ApprovalDocument[]>();
  for (const approval of own) {
    const { decidedAt } = approval;
    const index = decidedAt === null ? -1 : messages.findIndex(({ createdAt }) => createdAt > decidedAt);
    const seq = messages[index]?.seq;
    if (index !== 0) places.set(seq, [...(places.get(seq) ?? []), approval]);
  }
  return places;
}
