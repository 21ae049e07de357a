/** A receiver of webhooks, as a real HTTP server: it answers, fails, is slow, or takes a request and says nothing. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface ReceivedWebhook {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body, byte for byte. */
  readonly body: string;
  readonly content: string;
  readonly chatId: string;
}

/** `drop`: the whole request was read, then the connection is cut. `hang`: there is never an answer. */
export type Reaction =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string; readonly delayMs?: number }
  | 'drop'
  | 'hang';

export interface WebhookReceiver {
  readonly url: string;
  readonly port: number;
  /** Every request that arrived whole, in order. */
  readonly received: ReceivedWebhook[];
  /** Decides what to do with a request; `count` is how many came before it. Default: 204. */
  react: (webhook: ReceivedWebhook, count: number) => Reaction;
  /** Resolves once that many have arrived. */
  until(condition: (received: readonly ReceivedWebhook[]) => boolean): Promise<void>;
  /** How many connections were ever made. */
  readonly connections: number;
  close(): Promise<void>;
}

function parseData(body: string): { content: string; chatId: string } {
  try {
    const { data } = JSON.parse(body) as { data?: { content?: string; chat_id?: string } };
    return { content: data?.content ?? '', chatId: data?.chat_id ?? '' };
  } catch {
    return { content: '', chatId: '' };
  }
}

function answer(response: ServerResponse, reaction: Exclude<Reaction, string>): void {
  const send = (): void => {
    response.writeHead(reaction.status, reaction.headers);
    response.end(reaction.body);
  };
  if (reaction.delayMs === undefined) send();
  else setTimeout(send, reaction.delayMs);
}

export async function startWebhookReceiver(port = 0): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const waiting = new Set<() => void>();
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { headers, method = '', url: path = '' } = request;
      const webhook: ReceivedWebhook = { id: String(headers['webhook-id']), method, path, headers, body, ...parseData(body) };
      const reaction = receiver.react(webhook, received.length);
      received.push(webhook);
      for (const check of waiting) check();
      if (reaction === 'drop') request.socket.destroy();
      else if (reaction !== 'hang') answer(response, reaction);
    });
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${address.port}/hook`,
    port: address.port,
    received,
    react: () => ({ status: 204 }),
    until: (condition) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!condition(received)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    get connections() {
      return connections;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  onTestFinished(() => receiver.close());
  return receiver;
}
