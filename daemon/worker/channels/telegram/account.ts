/** One Telegram bot: reads its updates, sends to its chats, and reports its state. */
import { type Clock, pause } from '../../../../shared/clock.js';
import type { ChannelStatus } from '../../../../shared/api/gateway/status.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { cutText } from '../../../../shared/text/one-line.js';
import { sayOfChannel } from '../../../../shared/text/sentences/channel.js';
import type { Background, ChannelAccount } from '../account-set.js';
import type { Delivery, OpenedFile, Preview, PreviewTarget, SendOutcome } from '../channel.js';
import type { ChannelHost, IncomingMessage, PressAnswer } from '../host.js';
import { decideAccess } from './access-policy.js';
import { fileLink } from '../file-links.js';
import { Sends } from '../sends.js';
import type { GatheredUpdate } from './albums.js';
import type { BotMethodResult } from './api/bot-answers.js';
import { askedWaitMs, BotApi, type BotFailure, type BotResult, classifyFailure, describeFailure, isTokenRefused } from './api/bot-api.js';
import { offerCommands } from './bot-menu.js';
import { readPress } from './buttons.js';
import { asNewMessage, type BotRequest } from './compose.js';
import type { LinkToFile } from './message-content.js';
import { TelegramPreview } from './preview.js';
import { type BotIdentity, readUpdate } from './read-update.js';
import { botIdOf, type TelegramSettings } from './settings.js';
import { UpdatePoll, waitMs } from './update-poll.js';

export interface TelegramAccountOptions {
  readonly accountId: string;
  readonly settings: TelegramSettings;
  readonly background: Background;
  readonly logger: LogPort;
  readonly host: ChannelHost;
  /** Called once the bot is identified and messages can be sent. */
  onReady(): void;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

type SendResult = BotResult<BotMethodResult<BotRequest['method']>>;

/** Between attempts to get the account's lease, which another live worker holds. */
const ACQUIRE_MS = 250;
/** Between attempts to set the bot's menu. */
const MENU_RETRY_MS = 60_000;
/** https://core.telegram.org/bots/api#answercallbackquery */
const MAX_PRESS_ANSWER = 200;

export class TelegramAccount implements ChannelAccount {
  readonly #options: TelegramAccountOptions;
  readonly #api: BotApi;
  readonly #scope: string;
  readonly #stopped = new AbortController();
  readonly #sends = new Sends();
  readonly #clock: Clock;
  #running: Promise<void> = Promise.resolve();
  #menu: Promise<void> = Promise.resolve();
  #answered: Promise<unknown> = Promise.resolve();
  #status: ChannelStatus = { state: 'off' };
  /** Set while this worker has the lease. `ended` resolves when reading has stopped. */
  #serving: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  /** Resolves when the lease has another owner, or stays here. */
  #moved: Promise<unknown> = Promise.resolve();
  #isRunning = false;
  #isReady = false;
  #menuDueMs = 0;

  constructor(options: TelegramAccountOptions) {
    const { settings } = options;
    this.#options = options;
    this.#clock = options.background.clock;
    this.#scope = `telegram:${botIdOf(settings.botToken)}`;
    this.#api = new BotApi({ token: settings.botToken, apiRoot: settings.apiRoot });
  }

  start(): void {
    this.#status = { state: 'starting' };
    this.#isRunning = true;
    this.#running = this.#options.background.run(() => this.#run());
  }

  async stop(): Promise<void> {
    this.#isReady = false;
    this.#stopped.abort();
    this.#sends.end(this.#clock, () => this.#api.close());
    await Promise.all([this.#running, this.#menu, this.#answered]);
    this.#status = { state: 'off' };
  }

  isReady(): boolean {
    return this.#isReady;
  }

  canServe(): boolean {
    return this.#isRunning;
  }

  async handOver(move: () => Promise<boolean>): Promise<boolean> {
    if (this.#serving === undefined) return move();
    const { stop, ended } = this.#serving;
    stop.abort();
    const moving = ended.then(move);
    this.#moved = moving.catch(() => undefined);
    return moving;
  }

  health(): ChannelStatus {
    return this.#status;
  }

  async send({ body }: Delivery, signal: AbortSignal): Promise<SendOutcome> {
    if (!this.#isReady || signal.aborted) return { type: 'interrupted' };
    const request = JSON.parse(body) as BotRequest;
    const result = await this.#sends.run(signal, (either) => this.#request(request, either));
    if ('payload' in result) return { type: 'changed', body: JSON.stringify(result) };
    if (result.ok) return { type: 'delivered', sentId: result.value === true ? undefined : String(result.value.message_id) };
    if (isTokenRefused(result.failure)) this.#fail();
    return classifyFailure(result.failure, request.method);
  }

  /** Works even while another worker serves the account, because reading a file needs no lease. */
  async openFile(fileId: string, signal: AbortSignal): Promise<OpenedFile> {
    return this.#api.openFile(fileId, AbortSignal.any([signal, this.#stopped.signal]));
  }

  openPreview(target: PreviewTarget): Preview | undefined {
    if (!this.#isReady) return undefined;
    const { settings, background } = this.#options;
    return new TelegramPreview({ api: this.#api, background, target, mode: settings.streamMode, signal: this.#stopped.signal });
  }

  /** @returns the result; for an edit that is impossible, a request for a new message, to be stored before it is sent */
  async #request({ method, payload }: BotRequest, signal: AbortSignal, hasMoved = false): Promise<SendResult | BotRequest> {
    // An edit has no topic, but the message that may replace it does.
    const { message_thread_id: _topic, ...edited } = payload;
    const result = await this.#api.call(method, method === 'editMessageText' ? edited : payload, signal);
    if (result.ok || result.failure.type !== 'answered') return result;
    const { code, description, migrateToChatId } = result.failure;
    // A group that has become a supergroup has a new id, once.
    if (method === 'sendMessage')
      return migrateToChatId === undefined || hasMoved ? result : this.#request(asNewMessage(payload, migrateToChatId), signal, true);
    if (code !== 400) return result;
    if (/not modified/i.test(description)) return { ok: true, value: true };
    // The preview no longer exists, so its text is sent as a separate message.
    return asNewMessage(payload, migrateToChatId ?? payload.chat_id);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    try {
      while (await this.#acquire(signal)) {
        const stop = new AbortController();
        const ended = this.#serve(AbortSignal.any([signal, stop.signal]));
        this.#serving = { stop, ended };
        await ended;
        if (signal.aborted || !stop.signal.aborted) return;
        this.#isReady = false;
        this.#status = { state: 'starting' };
        this.#serving = undefined;
        await this.#moved;
      }
    } finally {
      this.#isRunning = false;
      if (this.#serving !== undefined) await this.#options.host.intake.release('telegram', this.#options.accountId);
    }
  }

  /** Reads until the signal stops it, or the token is refused. */
  async #serve(signal: AbortSignal): Promise<void> {
    const bot = await this.#identify(signal);
    if (bot === undefined) return;
    this.#becomeReady();
    const end = await this.#poll(bot).run(signal);
    if (end === 'refused') this.#fail();
  }

  /** Gets the account's lease: only one of all live workers reads the bot's updates and sends. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { host, logger, accountId } = this.#options;
    while (!signal.aborted) {
      try {
        const isOurs = await host.intake.acquire('telegram', accountId);
        this.#status = isOurs ? { state: 'starting' } : { state: 'starting', message: sayOfChannel('served-elsewhere') };
        if (isOurs) return true;
      } catch (error) {
        this.#status = { state: 'backoff', message: sayOfChannel('waits-for-database') };
        logger.warn({ err: error }, 'failed to get the lease of the account');
      }
      await pause(ACQUIRE_MS, this.#clock, signal);
    }
    return false;
  }

  /** Requests the bot's identity until Telegram answers. @returns undefined when the account was stopped or has failed */
  async #identify(signal: AbortSignal): Promise<BotIdentity | undefined> {
    const { accountId, logger, random } = this.#options;
    for (let failures = 1; !signal.aborted; failures += 1) {
      const result = await this.#api.call('getMe', {}, signal);
      const cleared = result.ok ? await this.#api.call('deleteWebhook', { drop_pending_updates: false }, signal) : result;
      if (result.ok && cleared.ok) return toIdentity(result.value);
      const { failure } = cleared as { failure: BotFailure };
      if (isTokenRefused(failure)) {
        this.#fail();
        return undefined;
      }
      const problem = describeFailure(failure);
      this.#backOff(problem);
      logger.warn({ channel: 'telegram', accountId, failures }, `the account cannot start: ${problem}`);
      await pause(Math.max(waitMs(failures, random()), askedWaitMs(failure)), this.#clock, signal);
    }
    return undefined;
  }

  #poll(bot: BotIdentity): UpdatePoll {
    const { host, logger } = this.#options;
    return new UpdatePoll({
      api: this.#api,
      intake: host.intake,
      clock: this.#clock,
      logger,
      scope: this.#scope,
      random: () => this.#options.random(),
      read: (gathered) => this.#read(gathered, bot),
      readPress: (update) => readPress(update, this.#options),
      answer: (presses) => this.#answer(presses),
      onState: (problem) => (problem === undefined ? this.#polled() : this.#backOff(problem)),
    });
  }

  #read(gathered: GatheredUpdate, bot: BotIdentity): IncomingMessage | undefined {
    const { accountId, settings, logger, host } = this.#options;
    const { chat, migrate_to_chat_id: movedTo } = gathered.update.message ?? {};
    if (movedTo !== undefined)
      logger.warn({ accountId }, `the group ${chat?.id} has become the supergroup ${movedTo}; update allowFrom if it names the old id`);
    const linkTo: LinkToFile = ({ id, name }) => fileLink({ channel: 'telegram', accountId, fileId: id, name });
    const message = readUpdate(gathered, { bot, commands: host.commands, linkTo });
    if (message === undefined) return undefined;
    const access = decideAccess(settings, message.sender, message.groupId);
    if (access === 'refused') return undefined;
    const { chatId, content, groupId, sender, senderName } = message;
    return {
      channel: 'telegram',
      accountId,
      chatId,
      content,
      peerKind: groupId === undefined ? 'direct' : 'group',
      scope: this.#scope,
      updateId: String(message.updateId),
      ...(access === 'pairing' ? { pairing: { senderId: String(sender.id), senderName } } : {}),
    };
  }

  /** Only ends the progress indicator at the button. The message itself shows the decision. */
  #answer(presses: readonly PressAnswer[]): void {
    for (const { id, text } of presses) {
      const payload = { callback_query_id: id, text: cutText(text, MAX_PRESS_ANSWER) };
      const call = async (): Promise<void> => void (await this.#api.call('answerCallbackQuery', payload, this.#stopped.signal));
      this.#answered = Promise.all([this.#answered, this.#options.background.run(call)]).then(() => undefined);
    }
  }

  /** Called after each successful poll. */
  #polled(): void {
    this.#becomeReady();
    if (this.#clock.now() < this.#menuDueMs) return;
    this.#menuDueMs = Infinity;
    const { background, host } = this.#options;
    this.#menu = background.run(async () => {
      if (!(await offerCommands(this.#api, host.commands, this.#stopped.signal))) this.#menuDueMs = this.#clock.now() + MENU_RETRY_MS;
    });
  }

  #becomeReady(): void {
    if (this.#stopped.signal.aborted) return;
    this.#status = { state: 'running' };
    if (this.#isReady) return;
    this.#isReady = true;
    this.#options.onReady();
  }

  #backOff(message: string): void {
    if (this.#stopped.signal.aborted) return;
    this.#status = { state: 'backoff', message };
  }

  #fail(): void {
    if (this.#stopped.signal.aborted) return;
    const { accountId, logger, settings } = this.#options;
    this.#isReady = false;
    const message = sayOfChannel(settings.apiRoot === undefined ? 'telegram-token' : 'telegram-token-root');
    this.#status = { state: 'failed', message };
    logger.error({ channel: 'telegram', accountId }, `the Telegram account '${accountId}' has failed: ${message}`);
  }
}

function toIdentity({ id, username = '' }: BotMethodResult<'getMe'>): BotIdentity {
  // The name becomes part of a pattern.
  return { id, username: /^\w{1,64}$/.test(username) ? username : `bot${id}` };
}
