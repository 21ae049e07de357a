/** Reasons why an approval cannot be decided. See known.ts. */
import { sayFrom } from '../fill-text.js';

export const APPROVAL_REASONS = {
  'approval-unknown': 'There is no approval {id}.',
  'approval-approved': 'The approval {id} was already given by {who} at {at}.',
  'approval-denied': 'The approval {id} was already denied by {who} at {at}.',
  'approval-expired': 'Nobody decided about the approval {id} in time.',
  'approval-cancelled': 'The approval {id} is not needed any more: its turn has ended.',
  'approval-tool-denied': "The configuration denies the tool '{tool}'.",
  'grant-unknown': 'There is no grant {id}.',
} as const satisfies Readonly<Record<string, string>>;

/** Returns the English text. */
export const sayOfApproval = sayFrom(APPROVAL_REASONS);
