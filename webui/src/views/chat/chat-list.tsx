/** The newest chats, beside the conversation. The sessions view has all of them. */
import type { ListedSession, SessionPage } from '../../../../shared/api/sessions.js';
import { apiPath, call } from '../../api/client.js';
import { useGatewayEvent } from '../../api/gateway-events.js';
import { useDebounce, useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { plainText } from '../../components/markdown/plain-text.js';
import { hashOf, navigate } from '../../shell/router.js';
import { t } from './text.js';

const SHOWN = 40;
/** Events that come close together cause one reload. */
const SETTLE_MS = 250;

const DAY_MS = 86_400_000;

const GROUPS = ['pinned', 'today', 'yesterday', 'lastWeek', 'longAgo'] as const;

/** Returns the group of a chat by its last message; days begin at local midnight. */
function groupOf({ pinned, updatedAt }: ListedSession, midnight: number): (typeof GROUPS)[number] {
  const age = midnight - Date.parse(updatedAt);
  if (pinned) return 'pinned';
  return age <= 0 ? 'today' : age <= DAY_MS ? 'yesterday' : age <= 7 * DAY_MS ? 'lastWeek' : 'longAgo';
}

function groupsOf(sessions: readonly ListedSession[], nowMs: number) {
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  const groups = GROUPS.map((name) => ({ name, sessions: sessions.filter((session) => groupOf(session, midnight) === name) }));
  return groups.filter((group) => group.sessions.length > 0);
}

function ChatLink({ session, isCurrent }: { session: ListedSession; isCurrent: boolean }) {
  const { key, channel, unread, answering } = session;
  const title = plainText(session.title);
  return (
    <a href={hashOf('chat', [key])} aria-current={isCurrent ? 'page' : undefined} title={title}>
      <span dir="auto">{title}</span>
      {channel !== 'webchat' && <small>{channel}</small>}
      {answering && <i class="pulse" role="img" aria-label={t('answering')} />}
      {!answering && unread && !isCurrent && <i class="unread-dot" role="img" aria-label={t('unread')} />}
    </a>
  );
}

/** @param props.onChosen  called when a chat is opened */
export function ChatList({ current, onChosen }: { current: string | undefined; onChosen?: () => void }) {
  const path = apiPath('/api/sessions', {}, { limit: SHOWN });
  const { value, reload } = useResource((signal) => call<SessionPage>('GET', path, { signal }), [path]);
  const later = useDebounce(SETTLE_MS);
  useGatewayEvent(({ name }) => {
    if (name === 'session' || name === 'turn' || name === 'reset') later(reload);
  });
  const onClick = ({ target }: MouseEvent): void => {
    if ((target as HTMLElement).closest('a, button') !== null) onChosen?.();
  };
  return (
    <nav class="chat-list" aria-label={t('chats')} onClick={onClick}>
      <Button icon="plus" text={t('newChat')} onClick={() => navigate(hashOf('chat'))} />
      <div class="chat-groups">
        {groupsOf(value?.sessions ?? [], Date.now()).map(({ name, sessions }) => (
          <section key={name}>
            <h2>{t(name)}</h2>
            <ul>
              {sessions.map((session) => (
                <li key={session.key}>
                  <ChatLink session={session} isCurrent={session.key === current} />
                </li>
              ))}
            </ul>
          </section>
        ))}
        {typeof value?.nextCursor === 'string' && (
          <a class="all-chats" href={hashOf('sessions')}>
            {t('allChats')}
          </a>
        )}
      </div>
    </nav>
  );
}
