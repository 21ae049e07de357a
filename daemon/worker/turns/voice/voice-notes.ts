/** Reads the recordings of a chat message and transcribes them before the message is stored as a question. */
import { type Clock, pause } from '../../../../shared/clock.js';
import { GatewayError } from '../../../../shared/errors.js';
import { collect } from '../../../../shared/node/collect.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { type AnswerReason, sayOfAnswer } from '../../../../shared/text/sentences/answer.js';
import { findRecordings, type LinkedFile } from '../../channels/file-links.js';
import type { ChannelRegistry } from '../../channels/registry.js';
import type { Attachments } from '../../files/attachments.js';
import { isRecording } from '../../files/classify-file.js';
import type { Account } from '../../spending/spending.js';
import { listAttachments } from '../../store/conversations/attachments.js';
import { findMessage } from '../../store/conversations/messages.js';
import type { Session } from '../../store/conversations/sessions.js';
import type { InboxMessage } from '../../store/delivery/inbox.js';
import type { Transaction } from '../../store/transaction.js';
import type { Transcriber } from '../model/transcriber.js';
import { hasTranscript, hasWords, type Sound, withTranscripts, wordsOf } from './transcript.js';

export interface VoiceNotesOptions {
  readonly clock: Clock;
  readonly channels: Pick<ChannelRegistry, 'openFile'>;
  readonly attachments: Pick<Attachments, 'read'>;
  readonly transcriber: Pick<Transcriber, 'settings' | 'transcribe'>;
  readonly logger: LogPort;
}

/** The text of a question, or a function that obtains it. */
export interface SpokenQuestion {
  readonly text: string;
  /** Returns the text with the transcripts of its recordings. @throws the reason for the chat; the signal's */
  readonly hear?: (signal: AbortSignal) => Promise<string>;
}

interface Readable extends Sound {
  readonly seconds?: number | undefined;
  /** @throws a GatewayError with the reason */
  readonly read: (signal: AbortSignal) => Promise<{ bytes: Uint8Array; mediaType: string }>;
}

type Asked = Pick<InboxMessage, 'id' | 'questionId' | 'content' | 'channel' | 'accountId'>;

/** More in one message are not transcribed. */
const MAX_SOUNDS = 10;
const LOAD_MS = 60_000;
/** After a restart, messages are handled before their channel has an account to read files with. The wait doubles: the server may be overloaded. */
const FIRST_RELOAD_MS = 250;
const MAX_RELOAD_MS = 5_000;

const MEDIA_TYPES: Readonly<Record<string, string>> = { ogg: 'audio/ogg', mp3: 'audio/mpeg', m4a: 'audio/mp4', mp4: 'video/mp4' };

function failed(reason: AnswerReason, values: Record<string, string | number> = {}): GatewayError {
  return new GatewayError('AGENT_ERROR', { message: sayOfAnswer(reason, values) });
}

/** Adds the recording's name to a model's failure; leaves errors that are already clear. */
function explain(error: unknown): unknown {
  if (!(error instanceof GatewayError) || error.details?.['payer'] !== undefined) return error;
  const { code, message: cause, details } = error;
  if (code === 'INVALID_REQUEST') return new GatewayError('AGENT_ERROR', { message: cause, cause: error });
  if (code !== 'AGENT_ERROR' && code !== 'RATE_LIMITED' && code !== 'MODEL_NOT_FOUND') return error;
  const message = sayOfAnswer('voice-failed', { cause });
  return new GatewayError(code === 'RATE_LIMITED' ? code : 'AGENT_ERROR', { message, ...(details && { details }), cause: error });
}

export class VoiceNotes {
  readonly #options: VoiceNotesOptions;

  constructor(options: VoiceNotesOptions) {
    this.#options = options;
  }

  /** Returns the question in a message. Runs in a read. @param session  if it already exists */
  async questionOf(
    tx: Transaction,
    message: Asked,
    { session, account }: { session: Session | undefined; account: Account },
  ): Promise<SpokenQuestion> {
    const { content: text, questionId, id } = message;
    const sounds = await this.#find(tx, message, session);
    if (!this.#isUnheard(text, sounds)) return { text };
    const stored = session === undefined ? undefined : await findMessage(tx, questionId ?? id);
    if (stored === undefined || stored.sessionId !== session?.id)
      return { text, hear: (signal) => this.#hear(text, sounds, { account, signal }) };
    if (!this.#isUnheard(stored.content, sounds)) return { text: stored.content };
    // It was stored without one: the end of its turn was not stored, or only its answer is asked for again.
    return { text: stored.content, hear: () => Promise.reject(failed('turn-interrupted')) };
  }

  /** Whether the recordings have no transcript, and could have one or are all that there is. */
  #isUnheard(text: string, sounds: readonly Sound[]): boolean {
    if (sounds.length === 0 || hasTranscript(text)) return false;
    return this.#options.transcriber.settings.model !== undefined || !hasWords(text, sounds);
  }

  async #find(tx: Transaction, message: Asked, session: Session | undefined): Promise<readonly Readable[]> {
    const { channel, accountId, content, id, questionId } = message;
    if (channel === 'webchat') return session === undefined ? [] : this.#attached(tx, session.id, questionId ?? id);
    // It has no files: someone wrote such a line as text, for example in an issue.
    if (channel === 'webhook') return [];
    const own = findRecordings(content).filter((link) => link.channel === channel && link.accountId === accountId);
    return own.slice(0, MAX_SOUNDS).map((link) => ({ ...link, read: (signal) => this.#download(link, signal) }));
  }

  async #attached(tx: Transaction, sessionId: number, messageId: string): Promise<readonly Readable[]> {
    const notes = (await listAttachments(tx, sessionId, [messageId])).get(messageId) ?? [];
    return notes.filter(isRecording).map(({ id, name }) => ({
      name,
      read: async () => {
        const { content: bytes, mediaType } = await this.#options.attachments.read(id);
        return { bytes, mediaType };
      },
    }));
  }

  async #download(link: LinkedFile, signal: AbortSignal): Promise<{ bytes: Uint8Array; mediaType: string }> {
    const { maxBytes } = this.#options.transcriber.settings;
    let bytes: Buffer | undefined;
    try {
      bytes = await collect(await this.#open(link, AbortSignal.any([signal, AbortSignal.timeout(LOAD_MS)])), maxBytes);
    } catch (error) {
      signal.throwIfAborted();
      throw failed('voice-unreadable', { detail: error instanceof Error ? error.message : String(error) });
    }
    if (bytes === undefined) throw failed('voice-too-large', { limit: maxBytes });
    return { bytes, mediaType: MEDIA_TYPES[link.name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'audio/ogg' };
  }

  /** Tries again while the file may become readable. @throws an Error with the reason */
  async #open(link: LinkedFile, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    for (let waitMs = FIRST_RELOAD_MS; ; waitMs = Math.min(2 * waitMs, MAX_RELOAD_MS)) {
      const opened = await this.#options.channels.openFile(link, signal);
      if (opened.type === 'opened') return opened.bytes;
      if (opened.type === 'failed') await pause(waitMs, this.#options.clock, signal);
      if (opened.type === 'missing' || signal.aborted) throw new Error(opened.reason);
    }
  }

  async #hear(text: string, sounds: readonly Readable[], { account, signal }: { account: Account; signal: AbortSignal }): Promise<string> {
    const { model, language } = this.#options.transcriber.settings;
    if (model === undefined) {
      this.#options.logger.warn({}, 'a recording was not read; to have recordings transcribed, set transcription.model');
      throw failed('voice-no-model');
    }
    const fields = language === undefined ? {} : { language };
    const said: string[] = [];
    for (const sound of sounds) said.push(await this.#transcribe(sound, { model, fields, account, signal }));
    return withTranscripts(text, sounds, said);
  }

  async #transcribe(
    { name, seconds, read }: Readable,
    { signal, ...call }: { model: string; fields: Record<string, string>; account: Account; signal: AbortSignal },
  ): Promise<string> {
    const recording = { name, seconds, ...(await read(signal)) };
    const words = await this.#options.transcriber.transcribe({ ...call, recording }, signal).then(wordsOf, (error: unknown) => {
      signal.throwIfAborted();
      throw explain(error);
    });
    if (words === '') throw failed('voice-without-words');
    return words;
  }
}
