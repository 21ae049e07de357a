/** A card for each channel account, the broken ones first, and one for each channel that is not set up. */
import type { ChannelDocument as Account } from '../../../../shared/api/channels.js';
import { Button } from '../../components/button/button.js';
import { accountName, channelIcon, channelName } from '../../components/channel-name/channel-name.js';
import { reasonText } from '../../components/feedback/reason-text.js';
import { Fact, Facts } from '../../components/facts/facts.js';
import { Icon } from '../../components/icon/icon.js';
import { StatusDot, type Tone } from '../../components/status-dot/status-dot.js';
import { Ago, fullTime } from '../../components/time-text/time-text.js';
import { language } from '../../i18n/language.js';
import { hashOf } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { KINDS, type Kind } from './account-dialog.js';
import { t } from './text.js';

/** No message can be sent to a chat of the page. */
const canBeTested = ({ channel, state }: Account): boolean => channel !== 'webchat' && state !== 'off';

const HEALTH_TONES: Readonly<Record<Account['health']['state'], Tone>> = { ok: 'good', degraded: 'warning', down: 'bad' };

/** An account that runs may fail to deliver. */
function stateOf({ state, health }: Account): { tone: Tone; text: string } {
  if (state === 'running') return { tone: HEALTH_TONES[health.state], text: t(`health_${health.state}`) };
  const tones = { off: 'off', starting: 'busy', backoff: 'bad', failed: 'bad' } as const;
  return { tone: tones[state], text: t(`state_${state}`) };
}

/** Its settings are what has to change. */
const isStopped = (state: Account['state']): state is 'failed' | 'backoff' => state === 'failed' || state === 'backoff';

const settingsOf = ({ channel, accountId }: Account): string => hashOf('config', [], { q: `channels.${channel}.accounts.${accountId}` });

/** The problem in the page's language, with the original message. */
function reasonOf({ state, message, code, values, health, messages, lastError }: Account): { text: string; detail: string | null } {
  if (isStopped(state)) return { text: t(`reason_${state}`), detail: message === null ? null : reasonText({ message, code, values }) };
  const detail = lastError === null ? null : reasonText(lastError);
  if (messages.retrying === 0) return { text: t('reason_lost'), detail };
  return { text: t(`reason_${health.state === 'down' ? 'down' : 'retrying'}`, { count: messages.waiting }), detail };
}

function Trouble({ account }: { account: Account }) {
  const { channel, state, message, code, values, health, messages } = account;
  const { text, detail } = reasonOf(account);
  // Nothing is wrong: another gateway serves it.
  if (health.reason === null) return state !== 'starting' || message === null ? null : <p>{reasonText({ message, code, values })}</p>;
  const advice = isStopped(state) ? (`advice_${state}` as const) : messages.retrying > 0 ? 'advice_retrying' : 'advice_lost';
  const status = messages.retrying > 0 ? 'retry_wait' : messages.dead > 0 ? 'dead' : 'unknown';
  return (
    <div class={`callout ${HEALTH_TONES[health.state]}`}>
      <p>{text}</p>
      {detail !== null && <small>{detail}</small>}
      <p class="hint">{t(advice)}</p>
      <Button
        text={t(isStopped(state) ? 'openSettings' : 'openMessages')}
        about={accountName(channel, account.accountId)}
        href={isStopped(state) ? settingsOf(account) : hashOf('channels', ['messages'], { channel, status })}
      />
    </div>
  );
}

function Numbers({ account: { channel, messages } }: { account: Account }) {
  const { waiting, retrying, dead, unknown, lastDeliveredAt } = messages;
  const failed = dead + unknown;
  const link = (count: number, status: string, tone?: Tone) =>
    count === 0 ? (
      '0'
    ) : (
      <a class={tone} href={hashOf('channels', ['messages'], { channel, status })}>
        {count.toLocaleString(language.value)}
      </a>
    );
  return (
    <Facts isAcross>
      <Fact name={t('lastDelivered')}>
        {lastDeliveredAt === null ? <span class="muted">{t('never')}</span> : <Ago at={lastDeliveredAt} />}
      </Fact>
      <Fact name={t('waiting')}>{link(waiting - retrying, 'queued')}</Fact>
      {retrying > 0 && <Fact name={t('status_retry_wait')}>{link(retrying, 'retry_wait', 'warning')}</Fact>}
      <Fact name={t('failed')}>{link(failed, dead > 0 ? 'dead' : 'unknown', 'bad')}</Fact>
    </Facts>
  );
}

function Card({ account, onTest }: { account: Account; onTest: () => void }) {
  const { channel, accountId, state, since } = account;
  const { tone, text } = stateOf(account);
  const name = accountName(channel, accountId);
  return (
    <li class="card account">
      <div class="account-head">
        <Icon name={channelIcon(channel)} size={20} />
        <h2>{name}</h2>
        <span class="spread" title={since === null ? undefined : t('since', { time: fullTime(Date.parse(since)) })}>
          <StatusDot tone={tone}>{text}</StatusDot>
        </span>
      </div>
      <Trouble account={account} />
      {channel === 'webchat' ? <p class="muted">{t('webchatText')}</p> : <Numbers account={account} />}
      {channel !== 'webchat' && (
        <p class="account-foot">
          {canBeTested(account) && <Button text={t('test')} about={name} onClick={onTest} />}
          {!isStopped(state) && <Button kind="quiet" text={t('settingsOf')} about={name} href={settingsOf(account)} />}
          <Button kind="quiet" text={shell('logs')} about={name} href={hashOf('logs', [], { q: channel })} />
        </p>
      )}
    </li>
  );
}

const RANKS: Readonly<Record<Tone, number>> = { bad: 0, warning: 1, busy: 2, info: 2, good: 3, off: 4 };

const rankOf = (account: Account): number => (account.channel === 'webchat' ? 5 : RANKS[stateOf(account).tone]);

interface AccountsProps {
  readonly accounts: readonly Account[];
  readonly onTest: (account: Account) => void;
  readonly onAdd: (kind: Kind) => void;
}

export function Accounts({ accounts, onTest, onAdd }: AccountsProps) {
  const missing = KINDS.filter((kind) => !accounts.some(({ channel }) => channel === kind));
  return (
    <ul class="accounts" aria-label={shell('channels')}>
      {accounts
        .toSorted((a, b) => rankOf(a) - rankOf(b))
        .map((account) => (
          <Card key={`${account.channel}/${account.accountId}`} account={account} onTest={() => onTest(account)} />
        ))}
      {missing.map((kind) => (
        <li key={kind} class="card account missing">
          <div class="account-head">
            <Icon name={channelIcon(kind)} size={20} />
            <h2>{channelName(kind)}</h2>
            <span class="spread muted">{t('notInUse')}</span>
          </div>
          <p class="muted">{t(`about_${kind}`)}</p>
          <p class="account-foot">
            <Button icon="plus" text={t('setUp')} about={channelName(kind)} onClick={() => onAdd(kind)} />
          </p>
        </li>
      ))}
    </ul>
  );
}
