/** Conversations of automations and channels that wait for a decision, above the own chats, which say it themselves. */
import type { SessionTranscript } from '../../../../../shared/api/sessions.js';
import { pendingApprovals } from '../../../api/approvals.js';
import { apiPath, call } from '../../../api/client.js';
import { useRepeated, useResource } from '../../../api/use-resource.js';
import { channelName } from '../../../components/channel-name/channel-name.js';
import { titleText } from '../../../components/markdown/plain-text.js';
import { hashOf } from '../../../shell/router.js';
import { t } from './text.js';

const channelOf = (session: string): string => session.split(':')[1] ?? '';

function WaitingChat({ session, isCurrent }: { session: string; isCurrent: boolean }) {
  const path = apiPath('/api/sessions/:key', { key: session }, { limit: 0 });
  const { value } = useRepeated(useResource((signal) => call<SessionTranscript>('GET', path, { signal }), [path]));
  // A link has a name from the beginning.
  const title = value === undefined ? t('waiting') : titleText(value.session.title);
  return (
    <li>
      <a class="nav-link" href={hashOf('chat', [session])} aria-current={isCurrent ? 'page' : undefined} title={title}>
        <span dir="auto">{title}</span>
        <small>{channelName(channelOf(session))}</small>
        <i class="unread-dot decision-dot" role="img" aria-label={t('waiting')} />
      </a>
    </li>
  );
}

export function WaitingChats({ current }: { current: string | undefined }) {
  const others = pendingApprovals.value.filter(({ session }) => channelOf(session) !== 'webchat');
  const sessions = [...new Set(others.map(({ session }) => session))];
  if (sessions.length === 0) return null;
  return (
    <section>
      <h2>{t('waiting')}</h2>
      <ul>
        {sessions.map((session) => (
          <WaitingChat key={session} session={session} isCurrent={session === current} />
        ))}
      </ul>
    </section>
  );
}
