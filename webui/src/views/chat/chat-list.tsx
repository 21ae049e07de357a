/** The newest chats, beside the conversation; folded below them, those that programs and channels began. The sessions view has all. */
import { useState } from 'preact/hooks';
import type { ListedSession, SessionPage } from '../../../../shared/api/sessions.js';
import { DAY_MS } from '../../../../shared/clock.js';
import { waitingSessions } from '../../api/approvals.js';
import { apiPath, call, isRefused } from '../../api/client.js';
import { useLiveReload } from '../../api/live-reload.js';
import { type Resource, useResource } from '../../api/use-resource.js';
import { now } from '../../browser/now.js';
import { useIdle } from '../../browser/when-idle.js';
import { Button } from '../../components/button/button.js';
import { channelName } from '../../components/channel-name/channel-name.js';
import { errorText } from '../../components/feedback/error-words.js';
import { Icon } from '../../components/icon/icon.js';
import { titleText } from '../../components/markdown/plain-text.js';
import { Skeleton } from '../../components/skeleton/skeleton.js';
import { waitingChats } from '../../shell/approvals.js';
import { hashOf, navigate } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { t } from './text.js';

const SHOWN = 40;
const SHOWN_OTHERS = 20;

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
  const isOwn = channel === 'webchat';
  const title = titleText(session.title);
  const isWaiting = waitingSessions.value.has(key);
  return (
    <li>
      <a class="nav-link" href={hashOf('chat', [key])} aria-current={isCurrent ? 'page' : undefined} title={title}>
        <span dir="auto">{title}</span>
        {!isOwn && <small>{channelName(channel)}</small>}
        {isWaiting && <i class="unread-dot decision-dot" role="img" aria-label={t('needsDecision')} />}
        {answering && !isWaiting && <i class="pulse" role="img" aria-label={t('answering')} />}
        {isOwn && !isWaiting && !answering && unread && !isCurrent && <i class="unread-dot" role="img" aria-label={t('unread')} />}
      </a>
    </li>
  );
}

/** Reloads sessions after events that may have changed them. @param search  as in the sessions view */
function useSessions(search: string, limit: number): Pick<Resource<SessionPage>, 'value' | 'error'> {
  const path = apiPath('/api/sessions', {}, { search, limit });
  const { value, error, refresh } = useResource((signal) => call<SessionPage>('GET', path, { signal }), [path]);
  useLiveReload(['session', 'turn'], refresh);
  return { value, error };
}

function Others({ page, current }: { page: SessionPage; current: string | undefined }) {
  return (
    <>
      <ul>
        {page.sessions.map((session) => (
          <ChatLink key={session.key} session={session} isCurrent={session.key === current} />
        ))}
      </ul>
      {page.nextCursor !== null && (
        <a class="nav-link all-chats" href={hashOf('sessions', [], { q: '-from:webchat' })}>
          {t('allOthers')}
        </a>
      )}
    </>
  );
}

const isOther = (session: string | undefined): boolean => session !== undefined && session.split(':')[1] !== 'webchat';

/** Not shown while it is empty. Read after the rest. */
function OtherGroup({ current }: { current: string | undefined }) {
  const [isOpen, setOpen] = useState(isOther(current));
  const { value: page } = useSessions('-from:webchat', SHOWN_OTHERS);
  if (page === undefined || page.sessions.length === 0) return null;
  return (
    <section class="chat-others">
      <h2>
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name={isOpen ? 'down' : 'right'} size={14} />
          {t('others')}
        </button>
      </h2>
      {isOpen && <Others page={page} current={current} />}
    </section>
  );
}

/** @param props.onChosen  called when a chat is opened */
export function ChatList({ current, onChosen }: { current: string | undefined; onChosen?: () => void }) {
  const { value: page, error } = useSessions('from:webchat', SHOWN);
  const WaitingChats = waitingChats.component.value;
  const isIdle = useIdle();
  const onClick = ({ target }: MouseEvent): void => {
    if ((target as HTMLElement).closest('a, .button') !== null) onChosen?.();
  };
  return (
    <nav class="chat-list" aria-label={t('chats')} onClick={onClick}>
      <Button icon="plus" text={shell('newChat')} onClick={() => navigate(hashOf('chat'))} />
      <div class="chat-groups">
        {page === undefined && (isRefused(error) ? <p class="hint">{errorText(error)}</p> : <Skeleton lines={6} />)}
        {WaitingChats !== undefined && <WaitingChats current={current} />}
        {groupsOf(page?.sessions ?? [], now()).map(({ name, sessions }) => (
          <section key={name}>
            <h2>{t(name)}</h2>
            <ul>
              {sessions.map((session) => (
                <ChatLink key={session.key} session={session} isCurrent={session.key === current} />
              ))}
            </ul>
          </section>
        ))}
        {typeof page?.nextCursor === 'string' && (
          <a class="nav-link all-chats" href={hashOf('sessions')}>
            {t('allChats')}
          </a>
        )}
        {page !== undefined && (isIdle || isOther(current)) && <OtherGroup current={current} />}
      </div>
    </nav>
  );
}
