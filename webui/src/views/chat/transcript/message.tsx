/** One message with its actions. */
import { useEffect, useMemo } from 'preact/hooks';
import { Button, IconButton } from '../../../components/button/button.js';
import { late } from '../../../browser/late.js';
import { whenIdle } from '../../../browser/when-idle.js';
import { copyText } from '../../../browser/copy.js';
import { whyText } from '../../../components/feedback/reason-text.js';
import { Markdown } from '../../../components/markdown/markdown.js';
import { Menu } from '../../../components/menu/menu.js';
import { clockTime, dateText, dollars, durationText, shortCount } from '../../../components/time-text/time-text.js';
import { hashOf, navigate } from '../../../shell/router.js';
import { t as shell } from '../../../shell/text.js';
import type { StoredMessage } from '../model/chat-model.js';
import { type LiveAnswer, shownText } from '../model/live-answer.js';
import { MessageFiles } from '../composer/file-list.js';
import { t } from '../text.js';
import { LiveTools, StoredTool } from './tool-row.js';
import { UserText } from './user-text.js';
import { type Variants, VariantSwitch } from './variants.js';

export interface MessageActions {
  readonly regenerate: () => void;
  readonly edit: (message: StoredMessage) => void;
  readonly fork: (message: StoredMessage) => void;
  /** Requests the rest of a stopped answer. */
  readonly goOn: () => void;
}

/** The time of day, with the date where it is not today. */
function When({ iso }: { iso: string }) {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  return (
    <time dateTime={iso} title={dateText(at, { dateStyle: 'full', timeStyle: 'medium' })}>
      {isToday ? clockTime(iso) : dateText(at, { dateStyle: 'medium', timeStyle: 'short' })}
    </time>
  );
}

export function LiveMessage({ live }: { live: LiveAnswer }) {
  const { text, earlier } = live;
  const shown = shownText(live);
  const isOther = !earlier.startsWith(text) && !text.startsWith(earlier);
  return (
    <article class="message assistant" aria-busy="true" aria-label={t('assistant')}>
      {earlier !== '' && <p class="hint">{t('begunAnew')}</p>}
      {isOther && (
        <details class="said-before">
          <summary>{t('saidBefore')}</summary>
          <pre tabIndex={0}>{earlier}</pre>
        </details>
      )}
      <LiveTools tools={live.tools} />
      {shown !== '' && <Markdown text={shown} />}
      <p class="live-state">
        <span class="pulse" aria-hidden="true" />
        {t(live.isElsewhere ? 'elsewhere' : 'working')}
      </p>
    </article>
  );
}

interface MessageProps extends MessageActions {
  readonly message: StoredMessage;
  /** No answer is running: messages can be edited and regenerated, and variants chosen. */
  readonly canChange: boolean;
  readonly isLastAnswer: boolean;
  readonly variants: Variants | undefined;
  readonly choose: (messageId: string) => void;
}

const EARLY_ENDS = { stopped: 'cut', length: 'cutOffLength', content_filter: 'cutOffFilter' } as const;

const NAMES = { user: 'you', assistant: 'assistant', system: 'system', tool: 'assistant' } as const;

/** The tokens, cost and duration of an answer, and a link to its log lines. */
function AnswerDetails({ turn, model }: { turn: NonNullable<StoredMessage['turn']>; model: string | null }) {
  const { id, inputTokens, outputTokens, costUsd, durationMs } = turn;
  const count = (tokens: number | null): string => (tokens === null ? t('unknown') : shortCount(tokens));
  const facts = [
    model ?? '',
    t('tookTokens', { input: count(inputTokens), output: count(outputTokens) }),
    costUsd === null ? t('costUnknown') : dollars(costUsd),
    durationText(durationMs),
  ].filter((fact) => fact !== '');
  return (
    <Menu
      label={t('details')}
      items={[
        ...facts.map((label) => ({ label, icon: 'copy' as const, run: () => void copyText(label) })),
        { label: shell('logs'), icon: 'logs', run: () => navigate(hashOf('logs', [], { q: `turnId:${id}` })) },
      ]}
    />
  );
}

/** Why an answer ended early, and the action that gets the rest of it. */
function EarlyEnd({ message: { status, turn }, canChange, isLastAnswer, goOn }: MessageProps) {
  const reason = status === 'aborted' ? 'stopped' : turn?.cutOff;
  if (reason === undefined) return null;
  return (
    <div class="row">
      <p class="hint">{t(EARLY_ENDS[reason])}</p>
      {canChange && isLastAnswer && reason !== 'content_filter' && <Button icon="play" text={t('continue')} onClick={goOn} />}
    </div>
  );
}

const failedAnswer = late(async () => (await import('./failed-answer.js')).FailedAnswer);
whenIdle(() => void failedAnswer.load());

/** Shows a failure: only its text until that part of the page is loaded. */
function Failure(props: MessageProps) {
  const { content, why } = props.message;
  useEffect(() => void failedAnswer.load(), []);
  const Shown = failedAnswer.component.value;
  return Shown === undefined ? <Markdown text={whyText(content, why)} /> : <Shown {...props} />;
}

/** Rendered again only when it changes. The actions stay the same while the conversation is shown. */
export function Message(props: MessageProps) {
  const { message, canChange, isLastAnswer, variants } = props;
  return useMemo(() => <ShownMessage {...props} />, [message, canChange, isLastAnswer, variants?.index, variants?.ids.join()]);
}

function ShownMessage(props: MessageProps) {
  const { message, isLastAnswer, canChange, variants, regenerate, choose, edit, fork } = props;
  const { id, role, content, why, status, model, createdAt, attachments = [], turn } = message;
  const isFailure = role === 'system' && status === 'error';
  if (role === 'tool') return <StoredTool message={message} />;
  return (
    <article class={`message ${role}`} data-message={id} aria-label={t(NAMES[role])} data-status={status}>
      {attachments.length > 0 && <MessageFiles files={attachments} />}
      {role === 'user' && <UserText content={content} />}
      {role !== 'user' && (isFailure ? <Failure {...props} /> : <Markdown text={whyText(content, why)} />)}
      {role === 'assistant' && <EarlyEnd {...props} />}
      {role === 'assistant' && status === 'error' && <p class="hint">{t('failedAnswer')}</p>}
      <footer>
        <span class="hint">
          <When iso={createdAt} />
          {model !== null && ` · ${model}`}
        </span>
        {variants !== undefined && <VariantSwitch {...{ variants, choose }} isDisabled={!canChange} />}
        <span class="message-actions">
          <IconButton icon="copy" label={shell('copy')} onClick={() => void copyText(content)} />
          {canChange && role === 'user' && <IconButton icon="edit" label={t('edit')} onClick={() => edit(message)} />}
          {canChange && isLastAnswer && role !== 'system' && <IconButton icon="retry" label={t('regenerate')} onClick={regenerate} />}
          <IconButton icon="fork" label={t('fork')} onClick={() => fork(message)} />
          {turn !== undefined && <AnswerDetails turn={turn} model={model} />}
        </span>
      </footer>
    </article>
  );
}
