/** The gateway's health in one word and one sentence, and its issues. */
import { useState } from 'preact/hooks';
import { MINUTE_MS } from '../../../../shared/clock.js';
import { copyText } from '../../browser/copy.js';
import { now } from '../../browser/now.js';
import { Button, IconButton } from '../../components/button/button.js';
import { Icon } from '../../components/icon/icon.js';
import type { Tone } from '../../components/status-dot/status-dot.js';
import { durationText, fullTime } from '../../components/time-text/time-text.js';
import { attempt } from '../../components/toast/toast.js';
import { issuesOf, notesOf, type Shown, type Whole } from './issues.js';
import { t } from './text.js';

const TONES: Readonly<Record<Whole['status']['health']['state'], Tone>> = { healthy: 'good', degraded: 'warning', down: 'bad' };

function Sentence({ status: { health, state } }: { status: Whole['status'] }) {
  const { issues, last24Hours } = health;
  const atMs = Date.parse(health.since);
  const forMs = now() - atMs;
  const since = forMs >= MINUTE_MS && (
    <span class="muted" title={fullTime(atMs)}>
      {t('forTime', { time: durationText(forMs) })}
    </span>
  );
  const text =
    health.state === 'healthy'
      ? t(last24Hours.crashes === 0 ? 'healthyText' : 'healthyAgain', { count: last24Hours.crashes })
      : t(health.state === 'down' ? `downText_${state}` : 'degradedText', { count: issues.length });
  return (
    <p>
      {text} {since}
    </p>
  );
}

/** @param props.isLost  the gateway does not answer now; the rest is its last report */
export function Headline({ whole: { status }, isLost }: { whole: Whole; isLost: boolean }) {
  const { state } = status.health;
  return (
    <div class="headline" role="status">
      <span class={`headline-dot ${isLost ? 'off' : TONES[state]}`} aria-hidden="true" />
      <div>
        <p class="headline-word">{t(isLost ? 'lost' : `health_${state}`)}</p>
        {isLost ? <p class="muted">{t('was', { state: t(`health_${state}`) })}</p> : <Sentence status={status} />}
      </div>
    </div>
  );
}

function Item({ shown: { tone, title, cause, fix, link, command, action }, reload }: { shown: Shown; reload: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const act = async (run: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    await attempt(run);
    setBusy(false);
    reload();
  };
  return (
    <li class={`issue ${tone}`}>
      <Icon name={tone === 'info' ? 'info' : tone === 'bad' ? 'error' : 'warning'} />
      <div class="issue-text">
        <h3>{title}</h3>
        {cause !== '' && <p class="muted">{cause}</p>}
        {fix !== undefined && <p>{fix}</p>}
        {command !== undefined && (
          <p class="issue-command">
            <code>{command}</code>
            <IconButton icon="copy" label={t('copyCommand', { command })} onClick={() => void copyText(command)} />
          </p>
        )}
      </div>
      <div class="issue-actions">
        {action !== undefined && <Button isBusy={isBusy} text={action.text} about={title} onClick={() => void act(action.run)} />}
        {link !== undefined && <Button text={link.text} about={title} href={link.hash} />}
      </div>
    </li>
  );
}

interface ListProps {
  readonly title: string;
  /** The title is for screen readers only. */
  readonly isTitleHidden?: boolean;
  readonly items: readonly Shown[];
  readonly reload: () => void;
}

function List({ title, isTitleHidden = false, items, reload }: ListProps) {
  if (items.length === 0) return null;
  return (
    <section>
      <h2 class={isTitleHidden ? 'off-screen' : 'section-title'}>{title}</h2>
      <ul class="issues">
        {items.map((shown) => (
          <Item key={shown.id} shown={shown} reload={reload} />
        ))}
      </ul>
    </section>
  );
}

export function IssueLists({ whole, reload }: { whole: Whole; reload: () => void }) {
  const issues = issuesOf(whole);
  return (
    <>
      {/* The headline has said how many. */}
      <List title={t('issues', { count: issues.length })} isTitleHidden items={issues} reload={reload} />
      <List title={t('notes')} items={[...notesOf(whole)]} reload={reload} />
    </>
  );
}
