/** Drafts, and messages that the gateway has not acknowledged. This browser keeps them: they survive a reload and a closed tab. */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { AttachmentNote } from '../../../../../shared/api/attachments.js';
import { newKey } from '../../../browser/new-key.js';
import { keepInTab, onSettingChanged, readInTab, readJson, settingNames, writeInTab, writeSetting } from '../../../settings.js';

export interface Entry {
  /** The idempotency key, the same for each attempt. */
  readonly key: string;
  readonly content: string;
  /** `sent`: stored by the gateway, not in the conversation yet. */
  readonly state: 'queued' | 'sending' | 'sent' | 'failed';
  readonly replaceFrom?: string;
  readonly attachments?: readonly AttachmentNote[];
  /** The message to regenerate the answer of; this entry is not a message. */
  readonly again?: string;
  readonly messageId?: string;
  readonly error?: string | undefined;
  /** It was sent before; whether it arrived is unknown. */
  readonly wasSent?: boolean;
}

/** Used instead of a session for a chat that has none yet. */
export const NEW = 'new';

const PREFIX = 'outbox.';
const outboxName = (session: string): string => PREFIX + session;
const draftName = (session: string): string => `draft.${session}`;

const read = (session: string): readonly Entry[] => readJson<Entry[]>(outboxName(session)) ?? [];

/** The messages of one chat that wait to be sent, in order. */
export class Outbox {
  readonly session: string;
  readonly entries = signal<readonly Entry[]>([]);

  constructor(session: string) {
    this.session = session;
    this.entries.value = read(session);
  }

  add(content: string, more: Pick<Entry, 'replaceFrom' | 'again' | 'attachments'> = {}): void {
    this.change((entries) => [...entries, { key: newKey(), content, state: 'queued', ...more }]);
  }

  /** Whether the same message, or the same wish for another answer, waits to be sent. */
  holds(content: string, { again }: Pick<Entry, 'again'> = {}): boolean {
    return this.entries.peek().some((entry) => entry.state !== 'failed' && entry.content === content && entry.again === again);
  }

  update(key: string, change: Partial<Entry>): void {
    this.change((entries) => entries.map((entry) => (entry.key === key ? { ...entry, ...change } : entry)));
  }

  remove(key: string): void {
    this.change((entries) => entries.filter((entry) => entry.key !== key));
  }

  /** Queues these messages again under the same key: the gateway may have lost them, or taken them back. */
  sendAgain(isMeant: (entry: Entry) => boolean): void {
    this.change((entries) => entries.map((entry) => (isMeant(entry) ? { ...entry, state: 'queued', wasSent: true } : entry)));
  }

  /** Changes what is stored, not the copy in memory: another tab may have queued a message that this one has not heard of. */
  change(edit: (stored: readonly Entry[]) => readonly Entry[]): void {
    const stored = read(this.session);
    const entries = edit(stored);
    this.entries.value = entries;
    // Written back unchanged, an old copy would undo what another tab does at this moment.
    if (JSON.stringify(entries) === JSON.stringify(stored)) return;
    writeSetting(outboxName(this.session), entries.length === 0 ? undefined : JSON.stringify(entries));
  }

  /** Takes over what other tabs change: a message that one of them removes is not sent from here. @returns a function that stops this */
  follow(): () => void {
    const takeOver = (): void => {
      this.entries.value = read(this.session);
    };
    const stop = onSettingChanged(outboxName(this.session), takeOver);
    // One of them may have done so since this tab last checked.
    takeOver();
    return stop;
  }
}

/** The sender of an outbox's messages. */
export interface Sender {
  readonly outbox: Outbox;
  /** Whether messages can be sent now. */
  readonly isCurrent: ReadonlySignal<boolean>;
  remove(key: string): void;
  retry(key: string): void;
}

/** Returns the sessions with messages that can be sent, without {@link NEW}. */
export function sessionsToSend(): readonly string[] {
  const sessions = settingNames(PREFIX).map((name) => name.slice(PREFIX.length));
  return sessions.filter((session) => session !== NEW && read(session).some(({ state }) => state !== 'failed'));
}

export const readDraft = (session: string): string => readInTab(draftName(session)) ?? '';

export function writeDraft(session: string, text: string): void {
  writeInTab(draftName(session), text === '' ? undefined : text);
}

export const keepDraft = (session: string): (() => void) => keepInTab(draftName(session));

/** Joins texts with a blank line between them, without those that are empty. */
export const joinTexts = (texts: readonly string[]): string => texts.filter((text) => text.trim() !== '').join('\n\n');

/** Moves the draft of one chat below that of another. */
export function moveDraft(from: string, to: string): void {
  writeDraft(to, joinTexts([readDraft(to), readDraft(from)]));
  writeDraft(from, '');
}

/** A sent message that is being changed, with what is in the box. */
export interface EditedMessage {
  readonly messageId: string;
  readonly content: string;
  readonly files: NonNullable<Entry['attachments']>;
}

const editName = (session: string): string => `edit.${session}`;

export const readEdit = (session: string): EditedMessage | undefined => readJson(editName(session), readInTab);

/** @param edit  undefined: it was sent or cancelled */
export function writeEdit(session: string, edit: EditedMessage | undefined): void {
  writeInTab(editName(session), edit === undefined ? undefined : JSON.stringify(edit));
}

/** Returns an edit as it is now. Each keystroke is stored, and `begun` is the edit as it was at its beginning. */
export function keptEdit(session: string, begun: EditedMessage): EditedMessage {
  const kept = readEdit(session);
  return kept?.messageId === begun.messageId ? kept : begun;
}

/** The last session whose text {@link rescueText} has moved; undefined again once that is sent. */
export const rescuedFrom = signal<string | undefined>(undefined);

/**
 * Moves the messages and the draft of a deleted session into the draft of a new chat, even messages that the gateway had accepted.
 * @returns whether any text was moved
 */
export function rescueText(outbox: Outbox): boolean {
  const { session } = outbox;
  const unanswered = outbox.entries.peek().filter(({ again }) => again === undefined);
  const written = [...unanswered.map(({ content }) => content), readEdit(session)?.content ?? '', readDraft(session)];
  const texts = written.filter((text) => text.trim() !== '');
  if (texts.length > 0) {
    writeDraft(NEW, joinTexts([readDraft(NEW), ...texts]));
    rescuedFrom.value = session;
  }
  writeDraft(session, '');
  writeEdit(session, undefined);
  outbox.change(() => []);
  return texts.length > 0;
}
