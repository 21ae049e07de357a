/** One WebSocket: answers its frames, and sends what it watches as fast as the client reads. */
import type { WebSocket } from 'ws';
import type { ClientFrame, ServerFrameBody, ServerFrameType } from '../../../shared/api/socket.js';
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { CLOSE_CODES, SOCKET_LIMITS } from '../../../shared/socket.js';
import { errorBody, toGatewayError } from '../../../shared/error-document.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { ChatService } from '../chat/chat.js';
import type { EventService } from '../observe/event-log.js';
import { detailsFor } from '../observe/explain.js';
import { isCredentialRefusal } from '../access/allowed.js';
import { encodeFrame, idOf, type ParseFrame } from './frames.js';

/** The admitted client. */
export interface SocketCaller {
  /** The access token; undefined: the gateway's own, or none. */
  readonly tokenId: string | undefined;
  /** To be called before each turn that it requests. @throws RATE_LIMITED */
  beginTurn(): Promise<void>;
}

export interface ConnectionDeps {
  readonly chat: ChatService;
  readonly events: EventService;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly identity: { readonly instanceId: string; readonly version: string; readonly buildId: string };
  readonly parse: ParseFrame;
  /** Checks the first frame. @throws UNAUTHORIZED, RATE_LIMITED, FORBIDDEN */
  readonly authenticate: (hello: { token?: string | undefined }) => Promise<SocketCaller>;
}

type Hello = Extract<ClientFrame, { type: 'hello' }>;
type Watch = Extract<ClientFrame, { type: 'watch' }>;
type Request = Exclude<ClientFrame, Hello>;

/**
 * `waiting` for the hello, until a deadline; `greeting` while the hello is checked, with later frames waiting for the result;
 * `open`; `closed`, including while the closing handshake is in progress.
 */
type State =
  | { readonly name: 'waiting'; readonly cancelDeadline: () => void }
  | { readonly name: 'greeting'; readonly checked: Promise<void> }
  | { readonly name: 'open'; readonly hello: Hello; readonly caller: SocketCaller; readonly closed: AbortController }
  | { readonly name: 'closed' };

export class Connection {
  readonly #socket: WebSocket;
  readonly #deps: ConnectionDeps;
  readonly #watched = new Map<string, AbortController>();
  #state: State;
  #lastId = 0;
  #frames = 0;
  #isAlive = true;

  constructor(socket: WebSocket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    const expire = (): void => this.close(CLOSE_CODES.unauthorized, 'no hello in time');
    this.#state = { name: 'waiting', cancelDeadline: deps.clock.after(SOCKET_LIMITS.helloTimeoutMs, expire) };
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => (this.#isAlive = true));
    // A violation of the WebSocket protocol: the socket closes itself with the code for it.
    socket.on('error', (error) => deps.logger.debug({ err: error }, 'WebSocket protocol error'));
    socket.on('close', () => this.#end());
  }

  /** Whether an answer is in progress in a session that the client watches. */
  get isListening(): boolean {
    return [...this.#watched.keys()].some((session) => this.#deps.chat.isAnswering(session));
  }

  close(code: number, reason: string): void {
    this.#end();
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Pings the client, and drops it if the last ping has no answer. Called at regular intervals. */
  beat(): void {
    if (!this.#isAlive) return this.terminate();
    this.#isAlive = false;
    this.#socket.ping();
  }

  /** Called at the start of each window of the frame limit. */
  beginWindow(): void {
    this.#frames = 0;
  }

  /** Closes the connection if its first frame is no longer accepted. Never rejects. */
  async recheck(): Promise<void> {
    if (this.#state.name !== 'open') return;
    try {
      await this.#deps.authenticate(this.#state.hello);
    } catch (error) {
      // While the store is unavailable, nobody is disconnected.
      const { code } = toGatewayError(error);
      if (isCredentialRefusal(code))
        this.close(CLOSE_CODES.unauthorized, 'the token is missing or no longer valid, or the session has ended');
      if (code === 'FORBIDDEN') this.close(CLOSE_CODES.refused, 'this address, host or origin is no longer allowed');
    }
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#frames += 1;
    this.#isAlive = true;
    if (this.#frames > SOCKET_LIMITS.maxFramesPerWindow) return this.close(CLOSE_CODES.tooMuch, 'too many frames');
    if (isBinary) return this.close(CLOSE_CODES.refused, 'frames must be text');
    const text = data.toString('utf8');
    let frame: ClientFrame;
    try {
      frame = this.#deps.parse(text);
    } catch (error) {
      if (this.#state.name === 'waiting') return this.close(CLOSE_CODES.refused, 'the first frame must be a hello');
      return this.#refuse(error, { re: idOf(text) });
    }
    void this.#dispatch(frame).catch((error: unknown) => this.#refuse(error, { re: frame.id }));
  }

  async #dispatch(frame: ClientFrame): Promise<void> {
    const state = this.#state;
    if (state.name === 'waiting') {
      if (frame.type !== 'hello') return this.close(CLOSE_CODES.refused, 'the first frame must be a hello');
      state.cancelDeadline();
      const checked = this.#greet(frame);
      this.#state = { name: 'greeting', checked };
      return checked;
    }
    if (frame.type === 'hello') throw new GatewayError('CONFLICT', { message: 'This connection has already sent hello.' });
    if (state.name === 'greeting') await state.checked;
    if (this.#state.name === 'open') await this.#handle(frame, this.#state.caller, this.#state.closed.signal);
  }

  async #handle(frame: Request, caller: SocketCaller, closed: AbortSignal): Promise<void> {
    const { chat } = this.#deps;
    const { id: re } = frame;
    switch (frame.type) {
      case 'watch':
        return this.#watch(frame, closed);
      case 'unwatch':
        this.#watched.get(frame.session)?.abort();
        return this.#send('unwatched', { re, session: frame.session });
      case 'send':
      case 'regenerate': {
        await caller.beginTurn();
        const asked = frame.type === 'send' ? chat.send(frame, caller.tokenId) : chat.regenerate(frame, caller.tokenId);
        const { messageId, isRepeated } = await asked;
        return this.#send('sent', { re, messageId, repeated: isRepeated });
      }
      case 'stop':
        return this.#send('stopped', { re, stopped: await chat.stop(frame.session, frame.key) });
      case 'ping':
        return this.#send('pong', { re });
    }
  }

  async #greet(hello: Hello): Promise<void> {
    const { id, resume } = hello;
    let caller: SocketCaller;
    try {
      caller = await this.#deps.authenticate(hello);
    } catch (error) {
      const refusal = toGatewayError(error);
      this.#refuse(refusal, { re: id });
      if (refusal.code === 'RATE_LIMITED') return this.close(CLOSE_CODES.tooMuch, 'too many wrong tokens');
      if (refusal.code === 'FORBIDDEN') return this.close(CLOSE_CODES.unauthorized, 'the access token may not do this');
      if (isCredentialRefusal(refusal.code)) return this.close(CLOSE_CODES.unauthorized, 'the token is missing or wrong');
      return this.close(CLOSE_CODES.failed, 'the token cannot be checked now');
    }
    if (this.#state.name === 'closed') return;
    const closed = new AbortController();
    this.#state = { name: 'open', hello, caller, closed };
    await this.#send('hello', { re: id, ...this.#deps.identity });
    void this.#follow(resume, closed.signal);
  }

  async #follow(resume: string | undefined, signal: AbortSignal): Promise<void> {
    for await (const { id, type, data } of this.#deps.events.follow(resume, signal)) {
      if (signal.aborted) return;
      await this.#send('event', { event: id, name: type, data });
    }
  }

  async #watch({ id, session, ...position }: Watch, closed: AbortSignal): Promise<void> {
    if (!this.#watched.has(session) && this.#watched.size >= SOCKET_LIMITS.maxWatchedSessions) {
      const message = `One connection can watch ${SOCKET_LIMITS.maxWatchedSessions} sessions.`;
      return this.#refuse(new GatewayError('RATE_LIMITED', { message }), { re: id, session });
    }
    this.#watched.get(session)?.abort();
    const stop = new AbortController();
    this.#watched.set(session, stop);
    const signal = AbortSignal.any([closed, stop.signal]);
    try {
      for await (const { type, ...event } of this.#deps.chat.watch(session, position, signal)) {
        if (signal.aborted) return;
        await this.#send(type, { session, ...event });
      }
    } catch (error) {
      if (!signal.aborted) this.#refuse(error, { re: id, session });
    } finally {
      if (this.#watched.get(session) === stop) this.#watched.delete(session);
    }
  }

  #end(): void {
    const state = this.#state;
    this.#state = { name: 'closed' };
    if (state.name === 'waiting') state.cancelDeadline();
    if (state.name === 'open') state.closed.abort();
  }

  #refuse(error: unknown, about: { re?: string | undefined; session?: string }): void {
    const refusal = toGatewayError(error);
    const requestId = newId('req');
    if (!refusal.spec.expose) this.#deps.logger.error({ err: refusal.cause ?? refusal, requestId }, 'failed to handle a frame');
    const { re, session } = about;
    void this.#send('error', {
      ...(re === undefined ? {} : { re }),
      ...(session === undefined ? {} : { session }),
      ...errorBody(refusal, requestId, { ...detailsFor(refusal) }),
    });
  }

  /** Resolves when the frame has left this process; the next frame of the same source waits for that. */
  #send<T extends ServerFrameType>(type: T, body: ServerFrameBody<T>): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve();
    this.#lastId += 1;
    const frame = encodeFrame(`s${this.#lastId}`, type, body);
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(SOCKET_LIMITS.stallTimeoutMs, () => {
        this.#socket.close(CLOSE_CODES.tooMuch, 'the client reads too slowly');
        this.terminate();
      });
      this.#socket.send(frame, () => {
        cancel();
        resolve();
      });
    });
  }
}
