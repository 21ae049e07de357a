/** One bot as the fake Bot API keeps it: its updates, its chats, and what was sent to them. */
import { type FakeButton, FakePresses, readButtons } from './buttons.js';

export interface ApiAnswer {
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error_code?: number;
  readonly description?: string;
  readonly parameters?: { readonly retry_after?: number; readonly migrate_to_chat_id?: number };
}

export interface SentMessage {
  readonly messageId: number;
  readonly chatId: number;
  readonly topic: number | undefined;
  text: string;
  entities: readonly { readonly type: string; readonly offset: number; readonly length: number }[];
  buttons: readonly FakeButton[];
  /** How often it was edited. */
  edits: number;
}

export interface FakeFile {
  readonly path: string;
  readonly content: Buffer;
}

export interface FakePerson {
  readonly id: number;
  readonly first_name: string;
  readonly username?: string;
  readonly is_bot?: boolean;
}

type Parameters = Readonly<Record<string, unknown>>;

export const failure = (code: number, description: string, parameters?: ApiAnswer['parameters']): ApiAnswer => ({
  ok: false,
  error_code: code,
  description,
  ...(parameters === undefined ? {} : { parameters }),
});

const MAX_TEXT_UNITS = 4_096;
/** https://core.telegram.org/bots/api#getfile */
const MAX_FILE_BYTES = 20 * 1_048_576;

export class FakeBot {
  readonly id: number;
  readonly username: string;
  /** Everything that was ever sent, in order. */
  readonly sent: SentMessage[] = [];
  readonly actions: string[] = [];
  readonly presses = new FakePresses();
  /** Chats that have blocked the bot. */
  readonly blockedBy = new Set<number>();
  /** Chats that do not exist. */
  readonly unknownChats = new Set<number>();
  /** Groups that have another id now. */
  readonly migrated = new Map<number, number>();
  /** What can be asked for by a file's id. */
  readonly files = new Map<string, FakeFile>();
  webhookUrl = '';
  /** Updates of other kinds are not kept, from the poll on that has named these. */
  allowedUpdates: readonly string[] | undefined;
  menu: readonly { readonly command: string; readonly description: string }[] = [];
  #updates: { update_id: number }[] = [];
  #nextUpdate = 1_000;
  #nextMessage = 1;

  constructor(id: number, username: string) {
    this.id = id;
    this.username = username;
  }

  /** Updates that nobody has confirmed. */
  get pendingUpdates(): number {
    return this.#updates.length;
  }

  addUpdate(content: object): number {
    const update = { update_id: this.#nextUpdate, ...content };
    this.#nextUpdate += 1;
    if (this.allowedUpdates === undefined || Object.keys(content).some((kind) => this.allowedUpdates?.includes(kind)))
      this.#updates.push(update);
    return update.update_id;
  }

  /** Confirms what is below the offset. @returns what is left, at most `limit` */
  readUpdates({ offset = 0, limit = 100 }: { offset?: number; limit?: number }): object[] {
    this.#updates = this.#updates.filter(({ update_id: id }) => id >= offset);
    return this.#updates.slice(0, limit);
  }

  nextMessageId(): number {
    this.#nextMessage += 1;
    return this.#nextMessage - 1;
  }

  /** Anything but a poll. */
  run(method: string, parameters: Parameters): ApiAnswer {
    switch (method) {
      case 'getMe':
        return this.getMe();
      case 'sendMessage':
        return this.sendMessage(parameters);
      case 'editMessageText':
        return this.editMessageText(parameters);
      case 'getFile':
        return this.getFile(parameters);
      case 'sendChatAction':
        return this.sendChatAction(parameters);
      case 'answerCallbackQuery': {
        const problem = this.presses.answer(parameters);
        return problem === undefined ? { ok: true, result: true } : failure(400, problem);
      }
      case 'deleteWebhook':
        this.webhookUrl = '';
        return { ok: true, result: true };
      case 'getMyCommands':
        return { ok: true, result: this.menu };
      case 'setMyCommands':
        this.menu = parameters['commands'] as FakeBot['menu'];
        return { ok: true, result: true };
      default:
        return failure(404, 'Not Found');
    }
  }

  getMe(): ApiAnswer {
    return { ok: true, result: { id: this.id, is_bot: true, first_name: 'Bot', username: this.username, can_join_groups: true } };
  }

  sendMessage(parameters: Parameters): ApiAnswer {
    const problem = this.#checkChat(parameters) ?? this.#checkText(parameters);
    if (problem !== undefined) return problem;
    const buttons = readButtons(parameters);
    if (typeof buttons === 'string') return failure(400, buttons);
    const chatId = Number(parameters['chat_id']);
    const topic = parameters['message_thread_id'];
    const message: SentMessage = {
      messageId: this.nextMessageId(),
      chatId,
      topic: topic === undefined ? undefined : Number(topic),
      ...textOf(parameters),
      buttons,
      edits: 0,
    };
    this.sent.push(message);
    return { ok: true, result: this.#toMessage(message) };
  }

  editMessageText(parameters: Parameters): ApiAnswer {
    const problem = this.#checkChat(parameters) ?? this.#checkText(parameters);
    if (problem !== undefined) return problem;
    const message = this.sent.find(
      ({ messageId, chatId }) => messageId === Number(parameters['message_id']) && chatId === Number(parameters['chat_id']),
    );
    if (message === undefined) return failure(400, 'Bad Request: message to edit not found');
    const buttons = readButtons(parameters);
    if (typeof buttons === 'string') return failure(400, buttons);
    const next = textOf(parameters);
    if (JSON.stringify([next, buttons]) === JSON.stringify([{ text: message.text, entities: message.entities }, message.buttons])) {
      return failure(400, 'Bad Request: message is not modified: specified new message content and reply markup are exactly the same');
    }
    Object.assign(message, next, { buttons, edits: message.edits + 1 });
    return { ok: true, result: this.#toMessage(message) };
  }

  /** Somebody presses a button of a message. @returns the update */
  press(message: SentMessage, label: string, from: FakePerson): object {
    const button = message.buttons.find(({ text }) => text === label);
    if (button === undefined) throw new Error(`the message has no button '${label}'`);
    const query = { id: this.presses.add(), chat_instance: '1', data: button.callback_data };
    // Modified apps press buttons that a message does not have; the server tells which ones it has.
    const { buttons = [] } = this.sent.find(({ messageId, chatId }) => messageId === message.messageId && chatId === message.chatId) ?? {};
    const shown = { ...this.#toMessage(message), reply_markup: { inline_keyboard: [buttons] } };
    return { callback_query: { ...query, from: { is_bot: false, ...from }, message: shown } };
  }

  /** Puts a file where people's messages may name it. @returns its id */
  addFile(path: string, content: Buffer): string {
    const id = `AgACAgIAAxkBAAI${this.files.size}_file-id`;
    this.files.set(id, { path, content });
    return id;
  }

  findFile(path: string): FakeFile | undefined {
    return [...this.files.values()].find((file) => file.path === path);
  }

  getFile(parameters: Parameters): ApiAnswer {
    const id = String(parameters['file_id']);
    const file = this.files.get(id);
    if (file === undefined) return failure(400, 'Bad Request: wrong file_id or the file is temporarily unavailable');
    if (file.content.length > MAX_FILE_BYTES) return failure(400, 'Bad Request: file is too big');
    return { ok: true, result: { file_id: id, file_unique_id: `u${id}`, file_size: file.content.length, file_path: file.path } };
  }

  sendChatAction(parameters: Parameters): ApiAnswer {
    this.actions.push(String(parameters['action']));
    return { ok: true, result: true };
  }

  #toMessage({ messageId, chatId, topic, text, entities }: SentMessage): object {
    const from = { id: this.id, is_bot: true, first_name: 'Bot', username: this.username };
    return {
      message_id: messageId,
      date: 1_770_000_000,
      chat: { id: chatId, type: chatId < 0 ? 'supergroup' : 'private' },
      from,
      text,
      entities,
      ...(topic === undefined ? {} : { message_thread_id: topic, is_topic_message: true }),
    };
  }

  #checkChat(parameters: Parameters): ApiAnswer | undefined {
    const chatId = Number(parameters['chat_id']);
    const moved = this.migrated.get(chatId);
    if (moved !== undefined)
      return failure(400, 'Bad Request: group chat was upgraded to a supergroup chat', { migrate_to_chat_id: moved });
    if (!Number.isSafeInteger(chatId) || chatId === 0 || this.unknownChats.has(chatId)) return failure(400, 'Bad Request: chat not found');
    return this.blockedBy.has(chatId) ? failure(403, 'Forbidden: bot was blocked by the user') : undefined;
  }

  #checkText(parameters: Parameters): ApiAnswer | undefined {
    const { text, entities } = textOf(parameters);
    if (text.trim() === '') return failure(400, 'Bad Request: message text is empty');
    if (text.length > MAX_TEXT_UNITS) return failure(400, 'Bad Request: message is too long');
    const isOutside = entities.some(({ offset, length }) => offset < 0 || length <= 0 || offset + length > text.length);
    return isOutside ? failure(400, "Bad Request: can't parse entities") : undefined;
  }
}

function textOf(parameters: Parameters): Pick<SentMessage, 'text' | 'entities'> {
  const { text, entities } = parameters;
  return { text: typeof text === 'string' ? text : '', entities: Array.isArray(entities) ? (entities as SentMessage['entities']) : [] };
}
