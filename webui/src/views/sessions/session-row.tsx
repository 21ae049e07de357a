/** One session of the list. */
import { computed } from '@preact/signals';
import { MINUTE_MS } from '../../../../shared/clock.js';
import { waitingSessions } from '../../api/approvals.js';
import { now } from '../../browser/now.js';
import { channelName } from '../../components/channel-name/channel-name.js';
import { Icon } from '../../components/icon/icon.js';
import { Match } from '../../components/marked/match.js';
import { plainText, titleText } from '../../components/markdown/plain-text.js';
import { Badge } from '../../components/status-dot/status-dot.js';
import { dateText, dollars, relativeTime } from '../../components/time-text/time-text.js';
import { language } from '../../i18n/language.js';
import { hashOf } from '../../shell/router.js';
import type { Session } from './session-actions.js';
import { type RowAction, SessionMenu } from './session-menu.js';
import { t } from './text.js';

const MONTH_MS = 30 * 86_400_000;

/** Created once per language: creating one is too slow for each row while the list scrolls. */
const numbersOf = computed(() => new Intl.NumberFormat(language.value));

/** `now`, `3 hr. ago`; older than a month: the date. */
function ageText(atMs: number): string {
  const nowMs = now();
  if (nowMs - atMs > MONTH_MS) return dateText(atMs, { dateStyle: 'medium' });
  return relativeTime(nowMs - atMs < MINUTE_MS ? nowMs : atMs, nowMs, { style: 'short' });
}

interface SessionRowProps {
  readonly session: Session;
  readonly isSelected: boolean;
  readonly isAnswering: boolean;
  readonly onSelect: (isSelected: boolean, isRange: boolean) => void;
  readonly onAct: (action: RowAction) => void;
  readonly onFilter: (filter: string) => void;
}

function Mark({ session, isAnswering }: { session: Session; isAnswering: boolean }) {
  if (waitingSessions.value.has(session.key)) return <span class="unread-dot decision-dot" role="img" aria-label={t('needsDecision')} />;
  if (isAnswering) return <span class="pulse" role="img" aria-label={t('answering')} />;
  return session.unread ? <span class="unread-dot" role="img" aria-label={t('unread')} /> : null;
}

/** When and where; most sessions are from the page itself. */
function Facts({ session }: { session: Session }) {
  const { messageCount, usage, updatedAt, agentId, channel } = session;
  const cost = usage.costUsd > 0 ? ` · ${dollars(usage.costUsd)}` : '';
  const number = numbersOf.value;
  const numbers = { input: number.format(usage.inputTokens), output: number.format(usage.outputTokens) };
  return (
    <span class="session-facts">
      <time dateTime={updatedAt} title={dateText(Date.parse(updatedAt), { dateStyle: 'medium', timeStyle: 'short' })}>
        {ageText(Date.parse(updatedAt))}
      </time>
      <span title={`${agentId} · ${t('usage', numbers)}${cost}`}>
        {channel !== 'webchat' && <span>{channelName(channel)}</span>}
        <span class="session-count">{t('messages', { count: messageCount })}</span>
      </span>
    </span>
  );
}

function LastMessage({ session: { lastMessage } }: { session: Session }) {
  if (lastMessage === null) return <>{t('nothingSaid')}</>;
  return (
    <>
      {lastMessage.role === 'user' && <b>{t('asked')} </b>}
      {plainText(lastMessage.text)}
    </>
  );
}

export function SessionRow({ session, isSelected, isAnswering, onSelect, onAct, onFilter }: SessionRowProps) {
  const { key, pinned, archived, unread, tags, match } = session;
  const title = titleText(session.title);
  const onClick = (event: MouseEvent): void => onSelect((event.currentTarget as HTMLInputElement).checked, event.shiftKey);
  return (
    <div class={unread ? 'session-row unread' : 'session-row'} data-selected={isSelected}>
      <label class="session-check">
        <input type="checkbox" aria-label={t('select', { title })} checked={isSelected} onClick={onClick} />
      </label>
      <div class="session-main">
        <div class="session-head">
          <span class="session-title">
            <Mark session={session} isAnswering={isAnswering} />
            {pinned && (
              <span class="session-pin" role="img" aria-label={t('pinned')}>
                <Icon name="pin" size={14} />
              </span>
            )}
            <a class="session-link" dir="auto" href={hashOf('chat', [key], { message: match?.messageId ?? undefined })} title={title}>
              {title}
            </a>
          </span>
          <Tags tags={tags} onFilter={onFilter} />
          {archived && <Badge>{t('archived')}</Badge>}
        </div>
        <p class="session-last" dir="auto">
          {match === undefined ? <LastMessage session={session} /> : <Match match={match} />}
        </p>
      </div>
      <Facts session={session} />
      <SessionMenu session={session} onAct={onAct} />
    </div>
  );
}

function Tags({ tags, onFilter }: { tags: readonly string[]; onFilter: (filter: string) => void }) {
  return tags.map((tag) => (
    <button
      key={tag}
      type="button"
      class="badge tag"
      aria-label={t('showTag', { tag })}
      onClick={() => onFilter(/\s/.test(tag) ? `tag:"${tag}"` : `tag:${tag}`)}
    >
      {tag}
    </button>
  ));
}
