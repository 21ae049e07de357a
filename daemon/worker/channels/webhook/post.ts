/**
 * One POST, and exactly how far it got: whether the other side can have seen the request decides whether a message may
 * be sent again. Redirects are not followed; of an answer only the beginning is read.
 */
import { type Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** From the start to the answer's header, and again to the end of what is read of its body. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** False: a connection of its own, which nothing can close between two requests. */
  readonly agent: HttpAgent | false;
}

export type PostResult =
  | { readonly type: 'answered'; readonly status: number; readonly retryAfter: string | undefined; readonly excerpt: string }
  /** `sent`: the request may have reached the other side. */
  | { readonly type: 'failed'; readonly sent: boolean; readonly reason: string }
  | { readonly type: 'aborted'; readonly sent: boolean };

const MAX_EXCERPT_BYTES = 2_048;

/** Collects the beginning of an answer's body; whatever happens to the rest, the status has been seen. */
function readExcerpt(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (): void => resolve(Buffer.concat(chunks).subarray(0, MAX_EXCERPT_BYTES).toString('utf8'));
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_EXCERPT_BYTES) response.destroy();
    });
    response.once('error', finish);
    response.once('close', finish);
  });
}

/** Reads an accepted answer to its end, so that its connection can be used again; not for ever. */
function discard(response: IncomingMessage): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_EXCERPT_BYTES) response.destroy();
  });
  response.on('error', () => undefined);
}

interface Progress {
  sent: boolean;
}

function watchConnection(request: ClientRequest, progress: Progress, isTls: boolean): void {
  request.once('socket', (socket) => {
    if (socket.connecting) socket.once(isTls ? 'secureConnect' : 'connect', () => (progress.sent = true));
    else progress.sent = true;
  });
}

function describe(error: NodeJS.ErrnoException): string {
  const { code, message } = error;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

function attempt(options: PostRequest, agent: HttpAgent | false): { request: ClientRequest; result: Promise<PostResult> } {
  const isTls = options.url.protocol === 'https:';
  const request = (isTls ? httpsRequest : httpRequest)(options.url, { method: 'POST', headers: options.headers, agent });
  const progress: Progress = { sent: false };
  watchConnection(request, progress, isTls);
  const result = new Promise<PostResult>((resolve) => {
    const fail = (reason: string): void => {
      if (options.signal.aborted) resolve({ type: 'aborted', sent: progress.sent });
      else resolve({ type: 'failed', sent: progress.sent, reason });
    };
    const timer = setTimeout(() => request.destroy(new Error(progress.sent ? `no answer within ${options.timeoutMs} ms` : `no connection within ${options.timeoutMs} ms`)), options.timeoutMs);
    const abort = (): void => void request.destroy(new Error('stopped'));
    options.signal.addEventListener('abort', abort, { once: true });
    request.once('response', (response) => {
      const status = response.statusCode ?? 0;
      const retryAfter = response.headers['retry-after'];
      if (status >= 200 && status < 300) {
        discard(response);
        resolve({ type: 'answered', status, retryAfter, excerpt: '' });
      } else {
        void readExcerpt(response).then((excerpt) => resolve({ type: 'answered', status, retryAfter, excerpt }));
      }
    });
    request.on('error', (error) => fail(describe(error)));
    request.once('close', () => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', abort);
      fail('the connection was closed without an answer');
    });
    request.end(options.body);
  });
  return { request, result };
}

/** Never rejects. */
export async function post(options: PostRequest): Promise<PostResult> {
  if (options.signal.aborted) return { type: 'aborted', sent: false };
  const { request, result } = attempt(options, options.agent);
  const first = await result;
  // The other side has closed an idle connection just as it was used again. Only receivers that drop repetitions get one.
  if (first.type === 'failed' && request.reusedSocket) return attempt(options, false).result;
  return first;
}
