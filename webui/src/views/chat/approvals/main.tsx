/** Approvals in a conversation. Loaded while the page is idle; from then on it follows them, whatever view is shown. */
import { useEffect } from 'preact/hooks';
import type { ApprovalDocument } from '../../../../../shared/api/tools/approvals.js';
import { ApprovalCard, ApprovalLine } from './card.js';
import { followPending, followSession } from './follow.js';
import { t } from './text.js';
export { WaitingChats } from './waiting-chats.js';
import './approvals.css';

followPending();

export interface ApprovalsProps {
  readonly items: readonly ApprovalDocument[];
  /** For the approvals at the end: a label for screen readers, which announce new ones. */
  readonly session?: string;
}

function Announcer({ items, session }: Required<ApprovalsProps>) {
  useEffect(() => followSession(session), [session]);
  const waiting = items.filter(({ state }) => state === 'pending');
  return (
    <p class="off-screen" role="status">
      {waiting.map(({ tool }) => t('announced', { tool })).join(' ')}
    </p>
  );
}

export default function Approvals({ items, session }: ApprovalsProps) {
  const first = items.find(({ state }) => state === 'pending');
  return (
    <>
      {items.map((approval) =>
        approval.state === 'pending' ? (
          <ApprovalCard key={approval.id} approval={approval} isFirst={approval === first} />
        ) : (
          <ApprovalLine key={approval.id} approval={approval} />
        ),
      )}
      {session !== undefined && <Announcer items={items} session={session} />}
    </>
  );
}
