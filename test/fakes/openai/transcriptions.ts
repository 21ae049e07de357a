/** A server that speaks OpenAI's transcriptions over real HTTP (https://platform.openai.com/docs/api-reference/audio/createTranscription). */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** One request, as it arrived. */
export interface HeardRecording {
  readonly fields: Readonly<Record<string, string>>;
  readonly fileName: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly headers: IncomingMessage['headers'];
  /** How the exchange ended: whole, or by the client going away. */
  readonly ended: Promise<'finished' | 'aborted'>;
}

/** A transcript with its usage, or whatever the test does with the response. */
export type TranscriptReply = { readonly text: string; readonly usage?: object } | ((response: ServerResponse) => void);

export interface FakeTranscriber {
  /** `http://127.0.0.1:PORT/v1`. */
  readonly baseUrl: string;
  readonly heard: readonly HeardRecording[];
  /** Answers the next requests with these, in order; others with a text of their number. */
  reply(...replies: TranscriptReply[]): void;
  /** Resolves once that many requests have arrived in all. */
  received(count: number): Promise<void>;
}

async function readForm(request: IncomingMessage): Promise<Omit<HeardRecording, 'headers' | 'ended'>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const form = await new Response(Buffer.concat(chunks), { headers }).formData();
  const file = form.get('file');
  if (!(file instanceof File)) throw new Error('the form has no file');
  const fields = Object.fromEntries([...form].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
  return { fields, fileName: file.name, mediaType: file.type, bytes: Buffer.from(await file.arrayBuffer()) };
}

/** Starts the server; it is closed at the end of the test. */
export async function startFakeTranscriber(): Promise<FakeTranscriber> {
  const heard: HeardRecording[] = [];
  const replies: TranscriptReply[] = [];
  const waiting = new Set<() => void>();
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ended = new Promise<'finished' | 'aborted'>((resolve) => {
      response.once('close', () => resolve(response.writableFinished ? 'finished' : 'aborted'));
    });
    if (request.method !== 'POST' || request.url !== '/v1/audio/transcriptions') return void response.writeHead(404).end();
    heard.push({ ...(await readForm(request)), headers: request.headers, ended });
    const reply = replies.shift() ?? { text: `transcript ${heard.length}` };
    for (const look of waiting) look();
    if (typeof reply === 'function') return reply(response);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(reply));
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    heard,
    reply: (...more) => void replies.push(...more),
    received: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (heard.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
