/**
 * A server that speaks a vendor's API over real HTTP, as strict as the real one about what it is sent.
 * Without a script it says "hello"; `reply()` queues what to answer instead.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { cutOff } from '../cut-off.js';
import type { Body, HttpAnswer, VendorProtocol } from './vendor-protocol.js';
import { says, type StreamReply, type VendorReply } from './vendor-reply.js';

export interface VendorRequest {
  readonly model: string;
  /** Behind the base path. */
  readonly path: string;
  readonly body: Body;
  /** The body as it arrived. */
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
  /** How the exchange ended: whole, or by the client going away. */
  readonly ended: Promise<'finished' | 'aborted'>;
}

export interface VendorFake {
  readonly origin: string;
  readonly baseUrl: string;
  readonly requests: readonly VendorRequest[];
  reply(...replies: VendorReply[]): void;
  close(): Promise<void>;
}

const KEY = 'key-of-the-fake';

const ENDED = { cut: true, error: true, none: true, garbage: false, stop: false, length: false, filter: false };

class FakeVendor {
  readonly requests: VendorRequest[] = [];
  readonly replies: VendorReply[] = [];
  readonly #protocol: VendorProtocol;

  constructor(protocol: VendorProtocol) {
    this.#protocol = protocol;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const protocol = this.#protocol;
    const { pathname } = new URL(request.url ?? '/', 'http://fake');
    if (protocol.keyOf(request.headers) !== KEY) return this.#answer(response, protocol.error('auth', 'the key is wrong'));
    if (request.method === 'GET' && pathname === `${protocol.basePath}/models`) {
      return this.#answer(response, { status: 200, body: protocol.models(['fake-model']) });
    }
    const text = await textOf(request);
    const body = JSON.parse(text) as Body;
    const path = request.url?.slice(protocol.basePath.length) ?? '';
    const count = protocol.count?.(path, body);
    const model = count === undefined ? protocol.modelOf(path, body) : String(body['model']);
    if (model === undefined) return this.#answer(response, protocol.error('notFound', `there is no ${request.method} ${request.url}`));
    if (model === 'gone') return this.#answer(response, protocol.error('notFound', 'there is no model gone'));
    const ended = new Promise<'finished' | 'aborted'>((resolve) => {
      response.once('close', () => resolve(response.writableFinished ? 'finished' : 'aborted'));
    });
    this.requests.push({ model, path, body, text, headers: request.headers, ended });
    const problem = count === undefined ? protocol.problemOf(request.headers, body) : undefined;
    if (problem !== undefined) return this.#answer(response, protocol.error('invalid', problem));
    if (count !== undefined) return this.#answer(response, count);
    return this.#reply(response, model, this.replies.shift() ?? says('hel', 'lo'));
  }

  async #reply(response: ServerResponse, model: string, reply: VendorReply): Promise<void> {
    switch (reply.type) {
      case 'error':
        return this.#answer(response, this.#protocol.error(reply.kind, reply.message ?? `it is ${reply.kind}`));
      case 'page':
        response.writeHead(reply.status, { 'content-type': 'text/html' });
        response.end(`<!DOCTYPE html>\n<html><head><title>${reply.title}</title></head><body>nginx</body></html>\n`);
        return;
      case 'document':
        return this.#answer(response, { status: 200, ...reply });
      case 'stream':
        return this.#stream(response, model, reply);
    }
  }

  async #stream(response: ServerResponse, model: string, reply: StreamReply): Promise<void> {
    const { parts, thoughts = [], calls = [], gate, end = 'stop', stopSequence } = reply;
    const writer = this.#protocol.writer(model);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(writer.open());
    if (thoughts.length > 0) response.write(writer.think?.(thoughts) ?? '');
    for (const [index, part] of parts.entries()) {
      if (gate?.before === index) await gate.until;
      response.write(writer.part(part));
    }
    if (calls.length > 0) response.write(writer.calls(calls));
    if (end === 'garbage') response.write(writer.garbage());
    if (end === 'error') response.write(writer.error('Overloaded'));
    if (!ENDED[end]) response.write(writer.finish(end === 'garbage' ? 'stop' : (end as 'stop'), calls.length > 0, stopSequence));
    if (end === 'cut') cutOff(response);
    else response.end();
  }

  #answer(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  }
}

/** Starts it on a free port of the loopback interface; closed when the test ends. The key is `key-of-the-fake`. */
export async function startVendor(protocol: VendorProtocol): Promise<VendorFake> {
  const fake = new FakeVendor(protocol);
  const server = createServer((request, response) => {
    fake.handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return {
    origin,
    baseUrl: origin + protocol.basePath,
    requests: fake.requests,
    reply: (...replies) => void fake.replies.push(...replies),
    close,
  };
}
