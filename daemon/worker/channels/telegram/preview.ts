/** Shows an answer while it is being written: as a message that is edited, or only as "typing". */
import { withSignal } from '../../../../shared/node/signals.js';
import type { Background } from '../account-set.js';
import type { Preview, PreviewTarget } from '../channel.js';
import { askedWaitMs, type BotApi, classifyFailure } from './api/bot-api.js';
import { isGroupId, parseChatId } from './chat-id.js';
import { MAX_TEXT_UNITS } from './compose.js';
import { renderMarkdown } from './markdown-entities.js';
import { splitMarkdown } from './split-markdown.js';

export interface PreviewOptions {
  readonly api: Pick<BotApi, 'call'>;
  readonly background: Background;
  readonly target: PreviewTarget;
  /** `off`: only "typing". */
  readonly mode: 'off' | 'partial';
  /** Aborted when the account stops. */
  readonly signal: AbortSignal;
}

/** An answer that is complete within this time needs no preview. */
const FIRST_MS = 700;
/** Telegram shows "typing" for five seconds. */
const TYPING_MS = 4_500;
const EDIT_MS = { direct: 1_000, group: 3_500 } as const;
/** Limit for a pending change when the preview ends. */
const END_MS = 5_000;
const MORE = ' …';

export class TelegramPreview implements Preview {
  readonly #options: PreviewOptions;
  readonly #ended = new AbortController();
  #text = '';
  #shown = '';
  #previewId: string | undefined;
  /** A message may have been sent whose id is unknown: another one would be a duplicate. */
  #isLost = false;
  #cancel: () => void;
  #change: Promise<void> = Promise.resolve();

  constructor(options: PreviewOptions) {
    this.#options = options;
    this.#previewId = options.target.previewId;
    this.#cancel = options.background.clock.after(FIRST_MS, () => this.#tick());
  }

  update(text: string): void {
    this.#text = text;
  }

  async end(): Promise<string | undefined> {
    this.#cancel();
    const cancel = this.#options.background.clock.after(END_MS, () => this.#ended.abort());
    await this.#change;
    cancel();
    this.#ended.abort();
    this.#cancel();
    return this.#previewId;
  }

  #tick(): void {
    if (this.#ended.signal.aborted) return;
    const { background, mode, target } = this.#options;
    const isTyping = mode === 'off' || this.#isLost || this.#text.trim() === '';
    const everyMs = isTyping ? TYPING_MS : EDIT_MS[isGroupId(target.chatId) ? 'group' : 'direct'];
    this.#change = background.run(async () => {
      const waitMs = await (isTyping ? this.#type() : this.#show());
      if (this.#ended.signal.aborted) return;
      // Text may arrive before Telegram hides "typing".
      const nextMs = isTyping && mode === 'partial' && !this.#isLost ? Math.min(everyMs, EDIT_MS.direct) : everyMs;
      this.#cancel = background.clock.after(Math.max(nextMs, waitMs), () => this.#tick());
    });
  }

  /** Aborted when the preview ends or the account stops. */
  #call<M extends 'sendChatAction' | 'editMessageText'>(method: M, payload: object) {
    return withSignal([this.#ended.signal, this.#options.signal], (signal) => this.#options.api.call(method, payload, signal));
  }

  /** Returns the delay that Telegram requests, in ms. */
  async #type(): Promise<number> {
    const result = await this.#call('sendChatAction', { ...parseChatId(this.#options.target.chatId), action: 'typing' });
    return result.ok ? 0 : askedWaitMs(result.failure);
  }

  async #show(): Promise<number> {
    const { api, target } = this.#options;
    const [part = ''] = splitMarkdown(this.#text, MAX_TEXT_UNITS - MORE.length);
    const { text, entities } = renderMarkdown(part);
    if (text.trim() === '' || text === this.#shown) return 0;
    const content = { text: text.trimEnd() + MORE, entities };
    const chat = parseChatId(target.chatId);
    const result =
      this.#previewId === undefined
        ? // Not aborted when the account stops: the id of a sent message would be lost.
          await api.call('sendMessage', { ...chat, ...content }, this.#ended.signal)
        : await this.#call('editMessageText', { chat_id: chat.chat_id, message_id: Number(this.#previewId), ...content });
    if (!result.ok) {
      this.#isLost = this.#previewId === undefined && classifyFailure(result.failure, 'sendMessage').type === 'unknown';
      return askedWaitMs(result.failure);
    }
    this.#shown = text;
    if (this.#previewId === undefined && typeof result.value === 'object') {
      this.#previewId = String(result.value.message_id);
      target.onShown(this.#previewId);
    }
    return 0;
  }
}
