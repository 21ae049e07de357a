/**
 * A server that speaks Telegram's Bot API over real HTTP: tokens, long polls with their offsets, one poll per bot,
 * messages and edits with their limits. Failures are scripted by method.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type ApiAnswer, failure, FakeBot, type FakePerson, type SentMessage } from './bot-account.js';

export type { ApiAnswer, FakeBot, SentMessage } from './bot-account.js';
export { failure } from './bot-account.js';

/** `drop`: it is done, then the connection is cut. `hang`: it is done, and never answered. `html`: a proxy answers. */
export type Fault = ApiAnswer | 'drop' | 'hang' | 'html';

interface Poll {
  finish(answer: ApiAnswer): void;
}

export interface FakeTelegram {
  readonly apiRoot: string;
  /** The bot of {@link TOKEN}. */
  readonly bot: FakeBot;
  /** How many long polls were ended by another one. */
  readonly conflicts: number;
  readonly openPolls: number;
  /** Names of the methods that were called, in order. */
  readonly calls: readonly string[];
  addBot(token: string, username: string): FakeBot;
  /** The next calls of a method end so. */
  fault(method: string, ...faults: Fault[]): void;
  /** Somebody says something to the bot. @returns the update's id */
  say(text: string, options?: SayOptions): number;
  /** Somebody presses a button of a message of the bot. @returns the update's id */
  press(message: SentMessage, label: string, from?: FakePerson): number;
  push(update: object): number;
  /** Resolves once that is so; looked at after every call. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export interface SayOptions {
  readonly chat?: { id: number; type: 'private' | 'group' | 'supergroup'; title?: string };
  readonly from?: FakePerson;
  /** More fields of the message. */
  readonly message?: object;
}

/** A token of the right form; its bot is there from the beginning. */
export const TOKEN = '7000000001:AAE-fake-token-for-tests_0123456789abcd';
export const PERSON: FakePerson = { id: 42, first_name: 'Ann', username: 'ann' };

async function readParameters(request: IncomingMessage, url: URL): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
  const query = Object.fromEntries(url.searchParams);
  return text === '' ? query : { ...query, ...(JSON.parse(text) as Record<string, unknown>) };
}

function send(response: ServerResponse, answer: ApiAnswer): void {
  response.writeHead(answer.ok ? 200 : (answer.error_code ?? 400), { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(answer));
}

class Server {
  readonly bots = new Map<string, FakeBot>();
  readonly calls: string[] = [];
  readonly waiting = new Set<() => void>();
  readonly #polls = new Map<FakeBot, Poll>();
  readonly #faults = new Map<string, Fault[]>();
  conflicts = 0;

  get openPolls(): number {
    return this.#polls.size;
  }

  fault(method: string, faults: readonly Fault[]): void {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...faults]);
  }

  notify(): void {
    for (const check of this.waiting) check();
  }

  /** Updates have come: the open poll ends with them. */
  deliver(bot: FakeBot): void {
    const updates = bot.readUpdates({});
    if (updates.length > 0) this.#polls.get(bot)?.finish({ ok: true, result: updates });
  }

  endPolls(): void {
    for (const poll of this.#polls.values()) poll.finish({ ok: true, result: [] });
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    if (request.method === 'GET' && url.pathname.includes('/file/bot')) return this.#serveFile(url.pathname, response);
    const [, token = '', method = ''] = /\/bot([^/]+)\/(\w+)$/.exec(url.pathname) ?? [];
    const parameters = await readParameters(request, url);
    this.calls.push(method);
    const bot = this.bots.get(decodeURIComponent(token));
    if (bot === undefined) send(response, /^\d+:[\w-]{20,}$/.test(token) ? failure(401, 'Unauthorized') : failure(404, 'Not Found'));
    else this.#answer(bot, { method, parameters, request, response });
    this.notify();
  }

  /** Faults of the method `file`: `drop` cuts the answer in the middle. */
  #serveFile(pathname: string, response: ServerResponse): void {
    this.calls.push('file');
    const [, token = '', path = ''] = /\/file\/bot([^/]+)\/(.+)$/.exec(pathname) ?? [];
    const file = this.bots.get(token)?.findFile(decodeURIComponent(path));
    const fault = this.#faults.get('file')?.shift();
    if (typeof fault === 'object' || file === undefined)
      return send(response, typeof fault === 'object' ? fault : failure(404, 'Not Found'));
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': file.content.length });
    if (fault === 'drop') response.write(file.content.subarray(0, file.content.length / 2), () => response.destroy());
    else response.end(file.content);
  }

  #answer(
    bot: FakeBot,
    call: { method: string; parameters: Record<string, unknown>; request: IncomingMessage; response: ServerResponse },
  ): void {
    const { method, parameters, request, response } = call;
    const fault = this.#faults.get(method)?.shift();
    if (typeof fault === 'object') return send(response, fault);
    if (method === 'getUpdates' && fault === undefined) return this.#poll(bot, parameters, response);
    if (fault === 'html') {
      response.writeHead(502, { 'Content-Type': 'text/html' });
      response.end('<html>Bad Gateway</html>');
      return;
    }
    const answer = bot.run(method, parameters);
    if (fault === 'drop') request.socket.destroy();
    else if (fault !== 'hang') send(response, answer);
  }

  #poll(bot: FakeBot, parameters: Record<string, unknown>, response: ServerResponse): void {
    if (bot.webhookUrl !== '') {
      return send(
        response,
        failure(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"),
      );
    }
    const other = this.#polls.get(bot);
    if (other !== undefined) {
      this.conflicts += 1;
      other.finish(failure(409, 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running'));
    }
    if (Array.isArray(parameters['allowed_updates'])) bot.allowedUpdates = parameters['allowed_updates'] as string[];
    const updates = bot.readUpdates({ offset: Number(parameters['offset'] ?? 0), limit: Number(parameters['limit'] ?? 100) });
    const timeoutSeconds = Number(parameters['timeout'] ?? 0);
    if (updates.length > 0 || timeoutSeconds === 0) return send(response, { ok: true, result: updates });
    const poll: Poll = {
      finish: (answer) => {
        clearTimeout(timer);
        if (this.#polls.get(bot) === poll) this.#polls.delete(bot);
        if (!response.destroyed) send(response, answer);
      },
    };
    const timer = setTimeout(() => poll.finish({ ok: true, result: [] }), timeoutSeconds * 1_000);
    this.#polls.set(bot, poll);
    response.once('close', () => poll.finish({ ok: true, result: [] }));
  }
}

function messageUpdate(bot: FakeBot, text: string, { chat, from = PERSON, message }: SayOptions): object {
  const where = chat ?? { id: from.id, type: 'private', first_name: from.first_name };
  return {
    message: {
      message_id: bot.nextMessageId(),
      date: 1_770_000_000,
      chat: where,
      from: { is_bot: false, ...from },
      ...(text === '' ? {} : { text }),
      ...message,
    },
  };
}

export async function startFakeTelegram(): Promise<FakeTelegram> {
  const state = new Server();
  const server = createServer((request, response) => {
    request.on('error', () => undefined);
    state.handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const addBot = (token: string, username: string): FakeBot => {
    const bot = new FakeBot(Number(token.split(':')[0]), username);
    state.bots.set(token, bot);
    return bot;
  };
  const bot = addBot(TOKEN, 'fake_bot');
  const push = (update: object): number => {
    const id = bot.addUpdate(update);
    state.deliver(bot);
    return id;
  };
  const fake: FakeTelegram = {
    apiRoot: `http://127.0.0.1:${port}`,
    bot,
    get conflicts() {
      return state.conflicts;
    },
    get openPolls() {
      return state.openPolls;
    },
    calls: state.calls,
    addBot,
    fault: (method, ...faults) => state.fault(method, faults),
    say: (text, options = {}) => push(messageUpdate(bot, text, options)),
    press: (message, label, from = PERSON) => push(bot.press(message, label, from)),
    push,
    until: (condition) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!condition()) return;
          state.waiting.delete(check);
          resolve();
        };
        state.waiting.add(check);
        check();
      }),
    close: () =>
      new Promise((resolve) => {
        state.endPolls();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  onTestFinished(() => fake.close());
  return fake;
}
