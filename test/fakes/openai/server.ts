/**
 * A server that speaks OpenAI's chat completions over real HTTP, as strict as the real one about what it is sent.
 * Without a script it repeats the last user message; `reply()` queues what to answer instead.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeBroken, writeText, type CompletionRequest } from './completion.js';
import { apiError, says, unauthorized, type Reply, type StatusReply } from './reply.js';

export interface FakeMessage {
  readonly role: string;
  readonly content: string;
}

/** One request for a completion, as it arrived. */
export interface ReceivedRequest {
  readonly model: string;
  readonly messages: readonly FakeMessage[];
  readonly stream: boolean;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: IncomingMessage['headers'];
  /** How the exchange ended: whole, or by the client going away. */
  readonly ended: Promise<'finished' | 'aborted'>;
}

export interface FakeOpenAiOptions {
  /** What `Authorization` must carry. Default: anything goes. */
  readonly apiKey?: string;
  /** Models that exist. Default: any; `GET /models` then lists `fake-model`. */
  readonly models?: readonly string[];
}

export interface FakeOpenAi {
  /** `http://127.0.0.1:PORT/v1`. */
  readonly baseUrl: string;
  readonly requests: readonly ReceivedRequest[];
  /** Answers the next requests with these, in order. */
  reply(...replies: Reply[]): void;
  /** Answers every request that no queued reply is for. */
  replyAlways(reply: Reply): void;
  /** Resolves once that many requests have arrived in all. */
  received(count: number): Promise<void>;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 10_000_000;

async function readJson(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > MAX_BODY_BYTES) return undefined;
  }
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** https://platform.openai.com/docs/api-reference/chat/create: text and pictures of a user. */
function isPart(value: unknown): boolean {
  const { type, text, image_url: image } = (value ?? {}) as { type?: unknown; text?: unknown; image_url?: { url?: unknown } };
  return type === 'text' ? typeof text === 'string' : type === 'image_url' && typeof image?.url === 'string';
}

function isMessage(value: unknown): value is FakeMessage {
  const { role, content, tool_calls: toolCalls } = (value ?? {}) as Record<string, unknown>;
  if (role === 'assistant' && Array.isArray(toolCalls)) return content === undefined || content === null || typeof content === 'string';
  const isParts = role === 'user' && Array.isArray(content) && content.length > 0 && content.every(isPart);
  return ['system', 'developer', 'user', 'assistant', 'tool'].includes(String(role)) && (typeof content === 'string' || isParts);
}

class FakeServer {
  readonly requests: ReceivedRequest[] = [];
  readonly replies: Reply[] = [];
  always: Reply | undefined;
  readonly #options: FakeOpenAiOptions;
  readonly #arrivals: { count: number; resolve: () => void }[] = [];

  constructor(options: FakeOpenAiOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { apiKey } = this.#options;
    if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) {
      return this.#status(response, unauthorized(request.headers.authorization?.slice(7) ?? ''));
    }
    if (request.method === 'GET' && request.url === '/v1/models') return this.#listModels(response);
    if (request.method === 'POST' && request.url === '/v1/chat/completions') return this.#complete(request, response);
    return this.#status(response, apiError(404, { message: `Invalid URL (${request.method} ${request.url})` }));
  }

  waitFor(count: number): Promise<void> {
    if (this.requests.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#arrivals.push({ count, resolve }));
  }

  #listModels(response: ServerResponse): void {
    const data = (this.#options.models ?? ['fake-model']).map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'fake' }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ object: 'list', data }));
  }

  #status(response: ServerResponse, { status, headers, body }: StatusReply): void {
    response.writeHead(status, headers);
    response.end(body);
  }

  async #complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ended = new Promise<'finished' | 'aborted'>((resolve) => {
      response.once('close', () => resolve(response.writableFinished ? 'finished' : 'aborted'));
    });
    const body = await readJson(request);
    const problem = this.#findProblem(request, body);
    if (body === undefined || problem !== undefined)
      return this.#status(response, problem ?? apiError(400, { message: 'We could not parse the JSON body of your request.' }));
    const messages = body['messages'] as FakeMessage[];
    const received: ReceivedRequest = {
      model: String(body['model']),
      messages,
      stream: body['stream'] === true,
      body,
      headers: request.headers,
      ended,
    };
    this.requests.push(received);
    for (const { count, resolve } of this.#arrivals) if (this.requests.length >= count) resolve();
    const reply = this.replies.shift() ?? this.always ?? says(...(messages.at(-1)?.content.match(/\S+\s*/g) ?? ['?']));
    return this.#write(response, reply, received);
  }

  async #write(response: ServerResponse, reply: Reply, received: ReceivedRequest): Promise<void> {
    const { model, stream, messages, body } = received;
    const request: CompletionRequest = {
      id: `chatcmpl-${this.requests.length}`,
      model,
      stream,
      includeUsage: (body['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage === true,
      inputTokens: Math.ceil(messages.map(({ content }) => content).join('').length / 4),
    };
    switch (reply.type) {
      case 'status':
        return this.#status(response, reply);
      case 'broken':
        return writeBroken(response, request, reply);
      case 'text':
        return writeText(response, request, reply);
    }
  }

  #findProblem(request: IncomingMessage, body: Record<string, unknown> | undefined): StatusReply | undefined {
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return apiError(400, { message: 'Unsupported content type' });
    const { model, messages, stream_options: streamOptions, stream } = body ?? {};
    if (typeof model !== 'string') return apiError(400, { message: 'you must provide a model parameter' });
    const { models } = this.#options;
    if (models !== undefined && !models.includes(model))
      return apiError(404, { message: `The model \`${model}\` does not exist`, code: 'model_not_found' });
    if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isMessage))
      return apiError(400, { message: "Invalid type for 'messages'" });
    if (streamOptions !== undefined && stream !== true)
      return apiError(400, { message: "'stream_options' is only allowed when 'stream' is enabled" });
    return undefined;
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Starts the server on a free port of the loopback interface. */
export async function startFakeOpenAi(options: FakeOpenAiOptions = {}): Promise<FakeOpenAi> {
  const fake = new FakeServer(options);
  const server = createServer((request, response) => {
    fake.handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests: fake.requests,
    reply: (...replies) => void fake.replies.push(...replies),
    replyAlways: (reply) => {
      fake.always = reply;
    },
    received: (count) => fake.waitFor(count),
    close: () => close(server),
  };
}
