/** Drafts, and messages that the gateway has not acknowledged. They survive a reload of the page. */
import { onSettingChanged, readSetting, writeSetting } from '../../settings.js';

export interface Entry {
  /** The idempotency key, the same for each attempt. */
  readonly key: string;
  readonly content: string;
  /** `sent`: stored by the gateway, not in the conversation yet. */
  readonly state: 'queued' | 'sending' | 'sent' | 'failed';
  readonly replaceFrom?: string;
  readonly attachments?: readonly { readonly id: string; readonly name: string; readonly mediaType: string; readonly size: number }[];
  /** The message to regenerate the answer of; this entry is not a message. */
  readonly again?: string;
  readonly messageId?: string;
  readonly error?: string | undefined;
  /** It was sent before; whether it arrived is unknown. */
  readonly wasSent?: boolean;
}

const outboxName = (session: string): string => `outbox.${session}`;
const draftName = (session: string): string => `draft.${session}`;

export function readOutbox(session: string): readonly Entry[] {
  try {
    return JSON.parse(readSetting(outboxName(session)) ?? '[]') as Entry[];
  } catch {
    return [];
  }
}

export function writeOutbox(session: string, entries: readonly Entry[]): void {
  writeSetting(outboxName(session), entries.length === 0 ? undefined : JSON.stringify(entries));
}

/** Calls back when another tab changes the outbox. @returns a function that stops this */
export const onOutboxChanged = (session: string, run: () => void): (() => void) => onSettingChanged(outboxName(session), run);

export const readDraft = (session: string): string => readSetting(draftName(session)) ?? '';

export function writeDraft(session: string, text: string): void {
  writeSetting(draftName(session), text === '' ? undefined : text);
}
