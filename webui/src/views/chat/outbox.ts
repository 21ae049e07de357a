/** What a person has written and the gateway has not acknowledged, and drafts: they survive a reload of the page. */
import { onSettingChanged, readSetting, writeSetting } from '../../settings.js';

export interface Entry {
  /** The idempotency key: it is the same however often the entry is sent. */
  readonly key: string;
  readonly content: string;
  /** `sent`: on the gateway's disk, and not in the conversation yet. */
  readonly state: 'queued' | 'sending' | 'sent' | 'failed';
  readonly replaceFrom?: string;
  readonly attachments?: readonly { readonly id: string; readonly name: string; readonly mediaType: string; readonly size: number }[];
  /** Not a message, but the wish for another answer to that one. */
  readonly again?: string;
  readonly messageId?: string;
  readonly error?: string | undefined;
  /** It left before, and nobody knows whether it arrived. */
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

/** Calls back when another tab has changed it. @returns what ends that */
export const onOutboxChanged = (session: string, run: () => void): (() => void) => onSettingChanged(outboxName(session), run);

export const readDraft = (session: string): string => readSetting(draftName(session)) ?? '';

export function writeDraft(session: string, text: string): void {
  writeSetting(draftName(session), text === '' ? undefined : text);
}
