/** Errors in the page's own words and language; the gateway's message is the detail. */
import type { ErrorCode } from '../../../../shared/errors.js';
import { ApiError } from '../../api/client.js';
import { NotDone } from '../../api/copy-mode.js';
import { SocketError } from '../../api/socket.js';
import en from '../../i18n/en/errors.json';
import { defineText, language } from '../../i18n/language.js';
import zh from '../../i18n/zh/errors.json';
import { t } from '../../shell/text.js';
import { refusalText } from './reason-text.js';

/** Codes that users of the page do not see: the gateway's message is shown unchanged. */
type ShownAsIs =
  | 'METHOD_NOT_ALLOWED'
  | 'UPGRADE_REQUIRED'
  | 'LOCK_HELD'
  | 'NOT_RUNNING'
  | 'CONTROL_UNREACHABLE'
  | 'CONTROL_PROTOCOL'
  | 'IPC_PROTOCOL'
  | 'USAGE'
  | 'PORT_TAKEN'
  | 'BUILD_BROKEN'
  | 'SUCCESSION_FAILED'
  | 'WORKER_NOT_READY'
  | 'STILL_STARTING';

type WordedCode = Exclude<ErrorCode, ShownAsIs>;

/** A code without words is a type error. */
const words = defineText<WordedCode>(en, zh);

const isWorded = (code: string): code is WordedCode => Object.hasOwn(en, code);

/** Returns what an error with the code means; undefined for a code without words. */
export function codeText(code: string): string | undefined {
  return isWorded(code) ? words(code) : undefined;
}

interface ErrorWords {
  readonly text: string;
  readonly detail?: string;
}

/** Returns a description of an error; an empty text for an action that the user prevented. */
export function errorWords(error: unknown): ErrorWords {
  if (error instanceof NotDone) return { text: '' };
  // It sends no message of its own.
  if (error instanceof ApiError && error.status === 0) return { text: t('unreachable') };
  const refusal = error instanceof ApiError || error instanceof SocketError ? error : undefined;
  const code = refusal?.code ?? '';
  const message = refusal === undefined ? (error instanceof Error ? error.message : '') : refusalText(refusal.message, refusal.details);
  if (!isWorded(code)) return { text: message === '' ? t('failed') : message };
  // A reason that the reader understands needs no heading.
  const isUnderstood = language.value === 'en' || /\p{Script=Han}/u.test(message);
  if (code === 'INVALID_REQUEST' && message !== '' && isUnderstood) return { text: message };
  // The gateway's message hides the cause too.
  return code === 'INTERNAL_ERROR' || message === '' ? { text: words(code) } : { text: words(code), detail: message };
}

/** Returns what happened in one line. */
export function errorText(error: unknown): string {
  const { text, detail } = errorWords(error);
  return detail === undefined ? text : `${text} ${detail}`;
}
