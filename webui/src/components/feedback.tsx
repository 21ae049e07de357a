/** What a view shows when there is nothing yet, nothing at all, or something went wrong. */
import type { ComponentChildren } from 'preact';
import { ApiError, toCurl } from '../api/client.js';
import { NotDone } from '../api/copy-mode.js';
import { t } from '../shell/text.js';
import { Button } from './button.js';
import { copyText } from './copy.js';
import { Icon } from './icon.js';

export function Spinner({ label = t('loading') }: { label?: string }) {
  return (
    <p class="spinner" role="status">
      <span aria-hidden="true" />
      {label}
    </p>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children !== undefined && <div class="empty-text">{children}</div>}
      {action}
    </div>
  );
}

/** What happened in words; a gateway that does not answer has none of its own. */
export function errorText(error: unknown): string {
  if (error instanceof NotDone) return '';
  if (error instanceof ApiError && error.status === 0) return t('unreachable');
  if (error instanceof Error && error.message !== '') return error.message;
  return t('failed');
}

export interface ErrorBoxProps {
  readonly error: unknown;
  readonly retry?: () => void;
  /** What was read before is still shown. Then a gateway that does not answer needs no box: the banner above the view says it. */
  readonly isStale?: boolean;
}

/** An error with its next step: again, or the same call on a command line. */
export function ErrorBox({ error, retry, isStale = false }: ErrorBoxProps) {
  if (error instanceof NotDone || (isStale && error instanceof ApiError && error.status === 0)) return null;
  const hint = error instanceof ApiError ? error.details['hint'] : undefined;
  return (
    <div class="error-box" role="alert">
      <Icon name="warning" />
      <div>
        <p>{errorText(error)}</p>
        {typeof hint === 'string' && <p class="hint">{hint}</p>}
        {error instanceof ApiError && error.requestId !== undefined && (
          <p class="hint">
            <a href={`#/logs?q=${encodeURIComponent(error.requestId)}`}>{t('requestLog', { id: error.requestId })}</a>
          </p>
        )}
        <div class="row">
          {retry !== undefined && (
            <Button icon="retry" onClick={retry}>
              {t('retry')}
            </Button>
          )}
          {error instanceof ApiError && (
            <Button kind="quiet" icon="copy" onClick={() => void copyText(toCurl(error.call))}>
              {t('copyCurl')}
            </Button>
          )}
        </div>
      </div>
    </div>
  );
}
