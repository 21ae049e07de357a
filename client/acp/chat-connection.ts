/** One connection to `/ws` for one prompt: it authenticates, sends the prompt, and follows its session. */
import type { ServerFrame } from '../../shared/api/socket.js';
import { GatewayError, isErrorCode } from '../../shared/errors.js';
import { CLOSE_CODES, SOCKET_LIMITS, SOCKET_PATH } from '../../shared/socket.js';
import type { ApiTarget } from '../api/api-client.js';
import type { Prompt, PromptEnd } from './prompt.js';

/** From the package `ws`, which is in one of the worker's bundles. */
export interface ClientSocket {
  send(data: string): void;
  terminate(): void;
  on(event: 'open' | 'error', listener: (error: Error) => void): void;
  on(event: 'message', listener: (data: Buffer) => void): void;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): void;
}

/** What the bundle exports. */
export interface SocketModule {
  readonly WebSocket: new (url: string) => ClientSocket;
}

export interface Question {
  readonly session: string;
  readonly content: string;
  /** Ensures that the gateway accepts the question once, however often it is sent. */
  readonly key: string;
  /** Stops the answer. */
  readonly cancelled: AbortSignal;
  /** Aborts when nobody waits for the answer any more. */
  readonly gone: AbortSignal;
  /** Called when tool calls in the session may have started or stopped waiting for a decision. */
  readonly onApprovals: () => void;
}

/** The connection was lost; the prompt continues. */
export class ConnectionLost extends Error {}

function refusalOf(code: number, reason: string): Error {
  if (code === CLOSE_CODES.unauthorized) return new GatewayError('UNAUTHORIZED', { message: reason });
  if (code === CLOSE_CODES.refused || code === CLOSE_CODES.tooMuch) return new GatewayError('FORBIDDEN', { message: reason });
  return new ConnectionLost(`the gateway closed the connection (${code})`);
}

/** A temporary error is handled like a lost connection. */
function failureOf({ error }: Extract<ServerFrame, { type: 'error' }>): Error {
  const failure = new GatewayError(isErrorCode(error.code) ? error.code : 'AGENT_ERROR', { message: error.message });
  return failure.spec.retryable ? new ConnectionLost(error.message, { cause: failure }) : failure;
}

/** The id of the frame that takes a prompt back before its answer begins. */
const WITHDRAWAL = 'withdraw';

const encode = (type: string, body: object): string => JSON.stringify({ v: 1, id: type, type, ...body });

/** @throws INVALID_REQUEST for a prompt that does not fit into a frame */
function encodeQuestion({ session, key, content }: Question): string {
  const frame = encode('send', { session, key, content });
  if (Buffer.byteLength(frame) <= SOCKET_LIMITS.maxFrameBytes) return frame;
  throw new GatewayError('INVALID_REQUEST', { message: `the prompt has more than ${SOCKET_LIMITS.maxFrameBytes} bytes` });
}

/** Stops the answer to a prompt that is cancelled, or takes the prompt back before its answer begins. */
class Cancellation {
  readonly #send: (frame: string) => void;
  readonly #prompt: Prompt;
  readonly #question: Question;
  #isStored = false;
  #isWithdrawn = false;
  #isStopped = false;

  constructor(socket: ClientSocket, prompt: Prompt, question: Question) {
    this.#send = (frame) => socket.send(frame);
    this.#prompt = prompt;
    this.#question = question;
  }

  /** Called when the gateway has stored the prompt. */
  stored(): void {
    this.#isStored = true;
    this.check();
  }

  /** Called when another attempt at the answer begins. */
  begunAgain(): void {
    this.#isStopped = false;
  }

  check(): void {
    const { session, key, cancelled } = this.#question;
    if (!cancelled.aborted || this.#isStopped) return;
    if (this.#prompt.isBegun) {
      this.#isStopped = true;
      this.#send(encode('stop', { session }));
    } else if (this.#isStored && !this.#isWithdrawn) {
      this.#isWithdrawn = true;
      this.#send(JSON.stringify({ v: 1, id: WITHDRAWAL, type: 'stop', session, key }));
    }
  }
}

/**
 * Follows a prompt until its end.
 * @throws ConnectionLost; the gateway's refusal with its code; the reason of `gone`
 */
export function followPrompt(
  socket: ClientSocket,
  { token, prompt, question }: { token: string | undefined; prompt: Prompt; question: Question },
): Promise<PromptEnd> {
  const { session, cancelled, gone, onApprovals } = question;
  const sent = encodeQuestion(question);
  const cancellation = new Cancellation(socket, prompt, question);
  const stop = (): void => cancellation.check();
  const receive = (frame: ServerFrame): PromptEnd | undefined => {
    if (frame.type === 'error') throw failureOf(frame);
    if (frame.type === 'sent') {
      cancellation.stored();
      socket.send(encode('watch', { session, ...prompt.follow(frame.messageId) }));
      return undefined;
    }
    // If it was not taken back, its answer has begun, and is stopped once its question is received.
    if (frame.type === 'stopped' && frame.re === WITHDRAWAL) return frame.stopped ? { state: 'aborted' } : undefined;
    if (frame.type === 'current' || (frame.type === 'event' && frame.name === 'approval' && frame.data['session'] === session))
      onApprovals();
    // Older gateways do not report the end of a turn that waits.
    if (frame.type === 'stopped' && prompt.isWaiting) return { state: 'aborted' };
    const end = prompt.receive(frame);
    if (frame.type === 'turn') cancellation.begunAgain();
    if (end === undefined) stop();
    return end;
  };
  let leave: (() => void) | undefined;
  return new Promise<PromptEnd>((resolve, reject) => {
    leave = () => reject(gone.reason as Error);
    gone.addEventListener('abort', leave, { once: true });
    socket.on('open', () => {
      // Not before: a socket that is not open throws. Each frame that is received checks, too.
      cancelled.addEventListener('abort', stop, { once: true });
      socket.send(encode('hello', token === undefined ? {} : { token }));
      socket.send(sent);
    });
    socket.on('message', (data) => {
      try {
        const end = receive(JSON.parse(data.toString('utf8')) as ServerFrame);
        if (end !== undefined) resolve(end);
      } catch (error) {
        reject(error as Error);
      }
    });
    socket.on('error', (error) => reject(new ConnectionLost(error.message)));
    socket.on('close', (code, reason) => reject(refusalOf(code, reason.toString('utf8'))));
  }).finally(() => {
    if (leave !== undefined) gone.removeEventListener('abort', leave);
    cancelled.removeEventListener('abort', stop);
    socket.on('error', () => undefined);
    socket.terminate();
  });
}

export const socketUrl = ({ host, port }: ApiTarget): string => `ws://${host.includes(':') ? `[${host}]` : host}:${port}${SOCKET_PATH}`;

/** Stops the answer of a session, also one that waits for a decision. @throws what the gateway refuses; ConnectionLost */
export function stopAnswer(socket: ClientSocket, { token, session }: { token: string | undefined; session: string }): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    socket.on('open', () => {
      socket.send(encode('hello', token === undefined ? {} : { token }));
      socket.send(encode('stop', { session }));
    });
    socket.on('message', (data) => {
      const frame = JSON.parse(data.toString('utf8')) as ServerFrame;
      if (frame.type === 'error') reject(failureOf(frame));
      if (frame.type === 'stopped') resolve();
    });
    socket.on('error', (error) => reject(new ConnectionLost(error.message)));
    socket.on('close', (code, reason) => reject(refusalOf(code, reason.toString('utf8'))));
  }).finally(() => {
    socket.on('error', () => undefined);
    socket.terminate();
  });
}
