/** The parts of a view shown while it loads, when it is empty, and after an error. */
import type { ComponentChildren } from 'preact';
import { ApiError, isUnauthorized } from '../../api/client.js';
import { NotDone } from '../../api/copy-mode.js';
import { regainSession, session } from '../../api/session.js';
import { isGatewayAway } from '../../api/socket.js';
import type { Resource } from '../../api/use-resource.js';
import { t } from '../../shell/text.js';
import { Button } from '../button/button.js';
import { CopyCommand } from '../copy-command/copy-command.js';
import { Icon, type IconName } from '../icon/icon.js';
import { Skeleton } from '../skeleton/skeleton.js';
import { errorWords } from './error-words.js';
import './feedback.css';

export function Spinner() {
  return (
    <p class="spinner" role="status">
      <span aria-hidden="true" />
      {t('loading')}
    </p>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly icon?: IconName;
  readonly children?: ComponentChildren;
  /** The one button that creates the first item. */
  readonly action?: ComponentChildren;
}

export function Empty({ title, icon, children, action }: EmptyProps) {
  return (
    <div class="empty">
      {icon !== undefined && <Icon name={icon} size={24} />}
      <h2>{title}</h2>
      {children !== undefined && <div class="empty-text">{children}</div>}
      {action}
    </div>
  );
}

/** Whether the banner reports the error already. The page of the log alone has no banner. */
const isInBanner = (): boolean => session.value.only === undefined && isGatewayAway();

interface ErrorBoxProps {
  readonly error: unknown;
  /** Repeats a read. Reads are also repeated automatically once the gateway is back. */
  readonly retry?: () => void;
  /** Earlier data is still shown. An unreachable gateway then gets no box: the banner above the view reports it. */
  readonly isStale?: boolean;
}

/** An error with its next step: sign in, retry, or copy the same call as a command line. */
export function ErrorBox({ error, retry, isStale = false }: ErrorBoxProps) {
  const isUnreachable = error instanceof ApiError && error.status === 0;
  if (error instanceof NotDone || (isStale && isUnreachable)) return null;
  if (isUnreachable && retry !== undefined && isInBanner()) return <Skeleton lines={4} />;
  const { text, detail } = errorWords(error);
  const hint = error instanceof ApiError ? error.details['hint'] : undefined;
  const signIn = (): void => void regainSession().then((isSignedIn) => isSignedIn && retry?.());
  return (
    <div class="error-box callout bad" role="alert" tabIndex={-1}>
      <Icon name="warning" />
      <div>
        <p>{text}</p>
        {detail !== undefined && <p>{detail}</p>}
        {typeof hint === 'string' && <p class="hint">{hint}</p>}
        {error instanceof ApiError && error.requestId !== undefined && (
          <p class="hint">
            <a href={`#/logs?q=${encodeURIComponent(error.requestId)}`}>{t('requestLog', { id: error.requestId })}</a>
          </p>
        )}
        <div class="row">
          {isUnauthorized(error) && <Button text={t('signInNow')} onClick={signIn} />}
          {retry !== undefined && <Button icon="retry" text={t('retry')} onClick={retry} />}
          {error instanceof ApiError && <CopyCommand call={() => error.call} />}
        </div>
      </div>
    </div>
  );
}

/** Content that a filter selects: dimmed while it is still that of the earlier one. */
export function Filtered({ isEarlier, children }: { isEarlier: boolean; children: ComponentChildren }) {
  return (
    <div class="filtered" aria-busy={isEarlier}>
      {children}
    </div>
  );
}

interface LoadedProps<Value> {
  readonly of: Pick<Resource<Value>, 'value' | 'error' | 'reload'>;
  /** Lines of the skeleton in place of a spinner. */
  readonly lines?: number;
  /** Without it, only the state of the resource is shown. */
  readonly children?: (value: Value) => ComponentChildren;
}

/** A resource: a spinner or a skeleton until it is loaded, an error above what was loaded before, and its value. */
export function Loaded<Value>({ of: { value, error, reload }, lines, children }: LoadedProps<Value>) {
  return (
    <>
      {error !== undefined && <ErrorBox error={error} retry={reload} isStale={value !== undefined} />}
      {value === undefined && error === undefined && (lines === undefined ? <Spinner /> : <Skeleton lines={lines} />)}
      {value !== undefined && children?.(value)}
    </>
  );
}
