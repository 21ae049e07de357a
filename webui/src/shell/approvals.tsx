/** Pending approvals: the number next to the link to the chats, and the component for the approvals of a conversation. */
import { pendingApprovals } from '../api/approvals.js';
import { AGAIN_MS } from '../api/client.js';
import { late } from '../browser/late.js';
import { Badge } from '../components/status-dot/status-dot.js';
import { t } from './text.js';

/** It also reads them and follows them: loaded while the page is idle. */
export const approvalItems = late(async () => (await import('../views/chat/approvals/main.js')).default);
export const waitingChats = late(async () => (await import('../views/chat/approvals/main.js')).WaitingChats);

/** Tries until it is loaded: without it, nothing would show that an answer waits for a decision. */
export async function loadApprovals(): Promise<void> {
  await Promise.all([approvalItems.load(), waitingChats.load()]);
  if (approvalItems.component.peek() === undefined) setTimeout(loadApprovals, AGAIN_MS);
}

export function ApprovalBadge() {
  const { length } = pendingApprovals.value;
  if (length === 0) return null;
  return (
    <Badge tone="warning">
      <span class="number">{length}</span>
      <span class="off-screen"> {t('decisions', { count: length })}</span>
    </Badge>
  );
}
