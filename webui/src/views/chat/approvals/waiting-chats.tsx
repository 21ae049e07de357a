/** Conversations of automations and channels that wait for a decision, above the own chats, which say it themselves. */
import { pendingApprovals } from '../../../api/approvals.js';
import { channelName } from '../../../components/channel-name/channel-name.js';
import { hashOf } from '../../../shell/router.js';
import { t } from './text.js';

const channelOf = (session: string): string => session.split(':')[1] ?? '';

export function WaitingChats({ current }: { current: string | undefined }) {
  const others = pendingApprovals.value.filter(({ session }) => channelOf(session) !== 'webchat');
  const sessions = [...new Set(others.map(({ session }) => session))];
  if (sessions.length === 0) return null;
  const toolsOf = (session: string): string =>
    [...new Set(others.flatMap((approval) => (approval.session === session ? [approval.tool] : [])))].join(', ');
  return (
    <section>
      <h2>{t('waiting')}</h2>
      <ul>
        {sessions.map((session) => (
          <li key={session}>
            <a href={hashOf('chat', [session])} aria-current={session === current ? 'page' : undefined} title={session}>
              <span>{toolsOf(session)}</span>
              <small>{channelName(channelOf(session))}</small>
              <i class="unread-dot decision-dot" role="img" aria-label={t('waiting')} />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
