/**
 * Sends one POST and reports how far it got: whether the other side may have seen the request decides whether a message may be sent
 * again. Redirects are not followed, and only the needed part of an answer is read.
 */
import { type ChannelReason, sayOfChannel } from '../../../shared/text/sentences/channel.js';
import { type Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Time limit from the start until the answer has been read. */
  readonly timeoutMs: number;
  /** How much of the answer's body is needed. */
  readBytes(status: number): number;
  readonly signal: AbortSignal;
  /** False: uses its own connection, which cannot be closed between two requests. */
  readonly agent: HttpAgent | false;
}

export type PostResult =
  | { readonly type: 'answered'; readonly status: number; readonly retryAfter: string | undefined; readonly body: string }
  /** `sent`: the request may have reached the other side. */
  | { readonly type: 'failed'; readonly sent: boolean; readonly reason: string }
  | { readonly type: 'aborted'; readonly sent: boolean };

/** An unneeded body up to this size is read in order to keep the connection. */
const MAX_DISCARDED_BYTES = 2_048;
/** A connection whose answer has not ended after this time is closed. */
const DISCARD_TIMEOUT_MS = 5_000;
/** Errors of a connection that the other side had closed before the request arrived. */
const CLOSED_BEFORE: readonly (string | undefined)[] = ['ECONNRESET', 'EPIPE'];

/** Collects the beginning of an answer's body; whatever happens to the rest, the status has been seen. */
function readBody(response: IncomingMessage, limitBytes: number): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (): void => resolve(Buffer.concat(chunks).subarray(0, limitBytes).toString('utf8'));
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= limitBytes) response.destroy();
    });
    response.once('error', finish);
    response.once('close', finish);
  });
}

/** Reads an accepted answer to its end within limits, so that its connection can be used again. */
function discard(response: IncomingMessage): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_DISCARDED_BYTES) response.destroy();
  });
  response.on('error', () => undefined);
  const timer = setTimeout(() => response.destroy(), DISCARD_TIMEOUT_MS).unref();
  response.once('close', () => clearTimeout(timer));
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

/** Explanations of system errors for people; the system's own message follows. */
const MEANINGS: Readonly<Record<string, ChannelReason>> = {
  ECONNREFUSED: 'net-refused',
  ENOTFOUND: 'net-host-not-found',
  EAI_AGAIN: 'net-host-not-resolved',
  EHOSTUNREACH: 'net-host-unreachable',
  ENETUNREACH: 'net-unreachable',
  CERT_HAS_EXPIRED: 'certificate-expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-unknown',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-name',
};

function describe(error: NodeJS.ErrnoException): string {
  const { code, message } = error;
  const said = code === undefined || message.includes(code) ? message : `${message} (${code})`;
  const meaning = MEANINGS[code ?? ''];
  return meaning === undefined ? said : sayOfChannel(meaning, { detail: said });
}

/** Waits for the answer. Once its header has arrived, errors in the rest do not count as a failure. */
function awaitAnswer(
  request: ClientRequest,
  { readBytes, onFailure }: { readBytes: PostRequest['readBytes']; onFailure: (reason: string, code?: string) => PostResult },
): Promise<PostResult> {
  return new Promise((resolve) => {
    let hasAnswer = false;
    const fail = (reason: string, code?: string): void => {
      if (!hasAnswer) resolve(onFailure(reason, code));
    };
    request.once('response', (response) => {
      hasAnswer = true;
      const status = response.statusCode ?? 0;
      const answer = { type: 'answered', status, retryAfter: response.headers['retry-after'] } as const;
      const wanted = readBytes(status);
      if (wanted > 0) {
        void readBody(response, wanted).then((body) => resolve({ ...answer, body }));
      } else {
        discard(response);
        resolve({ ...answer, body: '' });
      }
    });
    request.on('error', (error: NodeJS.ErrnoException) => fail(describe(error), error.code));
    request.once('close', () => fail(sayOfChannel('net-closed')));
  });
}

/** `wasClosed`: the connection was a kept one that the other side had already closed. */
async function attempt(options: PostRequest, agent: HttpAgent | false): Promise<{ result: PostResult; wasClosed: boolean }> {
  const { url, headers, signal, timeoutMs } = options;
  const isTls = url.protocol === 'https:';
  const request = (isTls ? httpsRequest : httpRequest)(url, { method: 'POST', headers, agent });
  const progress: Progress = { sent: false };
  watchConnection(request, progress, isTls);
  const tooLate = (): Error => new Error(sayOfChannel(progress.sent ? 'net-no-response' : 'net-no-connection', { ms: timeoutMs }));
  const timer = setTimeout(() => request.destroy(tooLate()), timeoutMs);
  const abort = (): void => void request.destroy(new Error('stopped'));
  signal.addEventListener('abort', abort, { once: true });
  let wasClosed = false;
  const onFailure = (reason: string, code?: string): PostResult => {
    if (signal.aborted) return { type: 'aborted', sent: progress.sent };
    wasClosed = request.reusedSocket && CLOSED_BEFORE.includes(code);
    return { type: 'failed', sent: progress.sent, reason };
  };
  const answer = awaitAnswer(request, { readBytes: (status) => options.readBytes(status), onFailure });
  request.end(options.body);
  const result = await answer;
  clearTimeout(timer);
  signal.removeEventListener('abort', abort);
  return { result, wasClosed };
}

/** Never rejects. */
export async function post(options: PostRequest): Promise<PostResult> {
  if (options.signal.aborted) return { type: 'aborted', sent: false };
  const first = await attempt(options, options.agent);
  // Connections are kept only for requests that are safe to repeat, so they may be repeated at once.
  return first.wasClosed ? (await attempt(options, false)).result : first.result;
}
