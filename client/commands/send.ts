import type { OutgoingDocument } from '../../shared/api/messages.js';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, Option } from 'clipanion';
import { isFinalStatus } from '../../shared/delivery-status.js';
import { type ErrorCode, GatewayError, isUnavailable } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import type { ApiClient, ApiRequest } from '../api/api-client.js';
import { BaseCommand } from '../cli/base-command.js';
import { definedFields } from '../../shared/fields.js';
import { shellCommand } from '../../shared/text/shell-word.js';
import { readMessage } from '../cli/read-input.js';
import { parseKey } from '../cli/parse-options.js';
import { messagePath } from './messages/outgoing-message.js';

const ATTEMPTS = 3;
const RETRY_MS = 300;
const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 2_000;
/** A gateway that accepts a request and does not answer it may have been suspended. */
const ANSWER_LIMIT_MS = 10_000;
/** How long the command continues without an answer: longer than a restart of a service or a container. */
const SILENCE_LIMIT_MS = 60_000;

/**
 * Whether the gateway may answer the next request: it may be restarting, also with another address or token. Each request after an error
 * uses the token that is then in force. @param last  code of the previous request's error
 */
function mayPass({ code, spec }: GatewayError, last: ErrorCode | undefined): boolean {
  return spec.retryable || code === 'NOT_RUNNING' || (code === 'UNAUTHORIZED' && last !== code);
}

/** Returns the error that ends a wait: it names the message, so that it is sent a second time only if that is needed. */
function namingMessage(error: GatewayError, id: string): GatewayError {
  const { code } = error;
  const details = { ...error.details, message_id: id };
  if (code === 'NOT_FOUND') {
    const message = `the gateway no longer has message ${id}: it was dropped, or the data was restored from a backup`;
    return new GatewayError(code, { message, details, hint: 'If the chat does not have it, send it again.', cause: error });
  }
  const accepted = shellCommand`The message was accepted and need not be sent again. See its status with: xopc messages show ${id}`;
  const hint = error.hint === undefined ? accepted : `${error.hint}   ${accepted}`;
  return new GatewayError(code, { message: error.message, details, hint, cause: error });
}

export class SendCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Messages',
    description: 'Send a message to a chat.',
    details: `
      Prints the message's id once it is stored; it is then sent even across restarts. --wait waits until it is delivered or has failed; the exit code is 0 only if it was delivered. With --key, running the command repeatedly within a day sends the message once. The message is given as arguments, or read from standard input with \`-\`.
    `,
    examples: [
      ['To a person on Telegram', 'xopc send --channel telegram --chat 42 "The backup is done"'],
      ['A file, through one of several accounts', 'xopc send --channel webhook --account ops --chat alerts - < report.md'],
      ['And wait until it is delivered', 'xopc send --channel telegram --chat 42 --wait "Wake up"'],
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
    const content = await readMessage(this.words, this.context.stdin, 'xopc send --channel telegram --chat 42 "Hello"');
    const api = await this.connect();
    const { channel, chat, account } = this;
    const body = { channel, chat_id: chat, content, ...definedFields({ accountId: account }) };
    const id = await this.#send(api, { method: 'POST', path: '/api/message', body, key, silenceMs: SILENCE_LIMIT_MS / ATTEMPTS });
    if (this.wait) return this.#waitFor(api, id);
    return this.printResult(
      { message_id: id },
      id,
      this.io.out.isTerminal ? `See its status with: ${shellCommand`xopc messages show ${id}`}` : undefined,
    );
  }

  /** Without an answer it is unknown whether the message was accepted; with the same key it can safely be sent again. */
  async #send(api: ApiClient, request: ApiRequest): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await api.call<{ message_id: string }>(request)).message_id;
      } catch (error) {
        if (attempt === ATTEMPTS || !isUnavailable(error)) throw error;
        await pause(RETRY_MS);
      }
    }
  }

  #waitFor(api: ApiClient, id: string): Promise<number> {
    return this.runInterruptibly(
      `Stopped waiting; the message is still sent. See: ${shellCommand`xopc messages show ${id}`}`,
      async (signal) => {
        const message = await this.#untilFinal(api, id, signal);
        await this.printResult(message, `${id} ${message.status}`);
        if (message.error !== null) await this.io.note(message.error);
        return message.status === 'delivered' ? 0 : 1;
      },
    );
  }

  /** @throws an error of the API; that of the last request once nothing has answered for a minute */
  async #untilFinal(firstApi: ApiClient, id: string, signal: AbortSignal): Promise<OutgoingDocument> {
    let api: ApiClient | undefined = firstApi;
    let silentSince: number | undefined;
    let last: ErrorCode | undefined;
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 2, LAST_LOOK_MS)) {
      try {
        api ??= await this.connect();
        const request = { method: 'GET', path: messagePath(id), signal, silenceMs: ANSWER_LIMIT_MS } as const;
        const { message } = await api.call<{ message: OutgoingDocument }>(request);
        if (isFinalStatus(message.status)) return message;
        silentSince = last = undefined;
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        silentSince ??= Date.now();
        if (!mayPass(error, last) || Date.now() - silentSince >= SILENCE_LIMIT_MS) throw namingMessage(error, id);
        last = error.code;
        api = undefined;
      }
      await pause(waitMs, undefined, { signal });
    }
  }
}
