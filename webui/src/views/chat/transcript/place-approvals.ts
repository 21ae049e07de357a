/** Decides where approvals are shown in a conversation. */
import type { PlacedMessage } from '../../../../../shared/api/sessions.js';
import type { ApprovalDocument } from '../../../../../shared/api/tools/approvals.js';

export type Places = ReadonlyMap<number | 'end', readonly ApprovalDocument[]>;

/**
 * Returns the approvals by the `seq` of the message that they stand before, and those at the end: a decided one stands where it was decided. What was
 * decided before the first message is not shown.
 */
export function placeApprovals(own: readonly ApprovalDocument[], messages: readonly Pick<PlacedMessage, 'seq' | 'createdAt'>[]): Places {
  const places = new Map<number | 'end', readonly ApprovalDocument[]>();
  for (const approval of own) {
    const { decidedAt } = approval;
    const index = decidedAt === null ? -1 : messages.findIndex(({ createdAt }) => createdAt > decidedAt);
    const place = messages[index]?.seq ?? 'end';
    if (index !== 0) places.set(place, [...(places.get(place) ?? []), approval]);
  }
  return places;
}
