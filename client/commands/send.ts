import type { OutgoingDocument } from '../../shared/api/messages.js';
import { INTERRUPTED_EXIT_CODE } from '../../shared/exit-codes.js';
import { Command, Option } from 'clipanion';
import { isFinalStatus } from '../../shared/delivery-status.js';
import { GatewayError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import type { ApiClient, ApiRequest } from '../api/api-client.js';
import { BaseCommand } from '../cli/base-command.js';
import { readInput } from '../cli/read-input.js';
import { parseKey } from '../cli/parse-options.js';
import { messagePath } from './messages/outgoing-message.js';

const ATTEMPTS = 3;
const RETRY_MS = 300;
const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 2_000;

export class SendCommand extends BaseCommand {
  static override readonly paths = [['send']];
  static override readonly usage = Command.Usage({
    category: 'Messages',
    description: 'Send a message to a chat.',
    details: `
      Prints the message's id once it is stored: from then on it is sent, also across restarts. --wait waits until it has
      arrived, or is known not to; the exit code is then 0 only if it has. With --key the same message is sent once, however
      often the command is run within a day. The message is the words given, or standard input with \`-\`.
    `,
    examples: [
      ['To a person on Telegram', 'xopc send --channel telegram --chat 42 "The backup is done"'],
      ['A file, through one of several accounts', 'xopc send --channel webhook --account ops --chat alerts - < report.md'],
      ['And wait until it has arrived', 'xopc send --channel telegram --chat 42 --wait "Wake up"'],
      ['Once, from a script that may run again', 'xopc send --channel telegram --chat 42 --key backup-17 "The backup is done"'],
    ],
  });

  readonly channel = Option.String('--channel', { required: true, description: 'Channel: telegram, webhook or webchat.' });
  readonly chat = Option.String('--chat', { required: true, description: "The chat's id in that channel." });
  readonly account = Option.String('--account', { description: 'Account of the channel; default: its only one, or `default`.' });
  readonly key = Option.String('--key', { description: 'Idempotency key: for 24 hours, the same key sends nothing again.' });
  readonly wait = Option.Boolean('--wait', false, { description: 'Wait until it is delivered or has failed.' });
  readonly words = Option.Rest({ name: 'message' });

  protected async run(): Promise<number> {
    const key = parseKey(this.key) ?? newId('req');
    const content = await this.#content();
    const api = await this.connect();
    const { channel, chat, account } = this;
    const body = { channel, chat_id: chat, content, ...(account === undefined ? {} : { accountId: account }) };
    const id = await this.#send(api, { method: 'POST', path: '/api/message', body, key });
    if (this.wait) return this.#waitFor(api, id);
    if (this.json) await this.printJson({ message_id: id });
    else await this.printLine(id);
    if (this.out.isTerminal && !this.json) await this.note(`See its status with: xopc messages show ${id}`);
    return 0;
  }

  /** Where no answer came it is not known whether the message was taken: with the same key it may be sent again. */
  async #send(api: ApiClient, request: ApiRequest): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await api.call<{ message_id: string }>(request)).message_id;
      } catch (error) {
        if (attempt === ATTEMPTS || !(error instanceof GatewayError) || error.code !== 'UNAVAILABLE') throw error;
        await pause(RETRY_MS, new AbortController().signal);
      }
    }
  }

  async #content(): Promise<string> {
    const isInput = this.words.length === 1 && this.words[0] === '-';
    const isPiped = this.words.length === 0 && (this.context.stdin as Partial<NodeJS.ReadStream>).isTTY !== true;
    const content = isInput || isPiped ? await readInput(this.context.stdin) : this.words.join(' ');
    if (content.trim() !== '') return content;
    throw new GatewayError('USAGE', { message: 'there is no message', hint: 'e.g. xopc send --channel telegram --chat 42 "Hello"' });
  }

  async #waitFor(api: ApiClient, id: string): Promise<number> {
    const interruption = new AbortController();
    const release = this.context.runtime.onInterrupt(() => interruption.abort());
    try {
      const message = await this.#untilFinal(api, id, interruption.signal);
      if (this.json) await this.printJson(message);
      else await this.printLine(`${id} ${message.status}`);
      if (message.error !== null) await this.note(message.error);
      return message.status === 'delivered' ? 0 : 1;
    } catch (error) {
      if (!interruption.signal.aborted) throw error;
      await this.note(`Stopped waiting; the message is still sent. See: xopc messages show ${id}`);
      return INTERRUPTED_EXIT_CODE;
    } finally {
      release();
    }
  }

  async #untilFinal(api: ApiClient, id: string, signal: AbortSignal): Promise<OutgoingDocument> {
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 2, LAST_LOOK_MS)) {
      const { message } = await api.call<{ message: OutgoingDocument }>({ method: 'GET', path: messagePath(id), signal });
      if (isFinalStatus(message.status)) return message;
      await pause(waitMs, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
