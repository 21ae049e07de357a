/** One WebSocket: what it asks is done, what it watches is sent as fast as it reads and no faster. */
import type { WebSocket } from 'ws';
import type { ClientFrame, ServerFrameBody, ServerFrameType } from '../../../shared/api/socket.js';
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { CLOSE_CODES, SOCKET_LIMITS } from '../../../shared/socket.js';
import { errorBody, toGatewayError } from '../http/error-body.js';
import type { HttpLogger } from '../http/context.js';
import type { ChatEvent, ChatService, EventService } from '../contracts.js';
import { type EncodeEvent, encodeFrame, idOf, type ParseFrame } from './frames.js';

export interface ConnectionDeps {
  readonly chat: ChatService;
  readonly events: EventService;
  readonly clock: Clock;
  readonly logger: HttpLogger;
  readonly identity: { readonly instanceId: string; readonly version: string; readonly buildId: string };
  readonly parse: ParseFrame;
  readonly encodeEvent: EncodeEvent;
  /** Judges the first frame. @throws UNAUTHORIZED, RATE_LIMITED */
  readonly authenticate: (hello: { token?: string | undefined; ticket?: string | undefined }) => Promise<void>;
}

type Hello = Extract<ClientFrame, { type: 'hello' }>;

export class Connection {
  readonly #socket: WebSocket;
  readonly #deps: ConnectionDeps;
  readonly #closed = new AbortController();
  readonly #watched = new Map<string, AbortController>();
  #isKnown = false;
  /** Frames may follow the hello before it has been judged. */
  #greeting: Promise<void> | undefined;
  #lastId = 0;
  #frames = 0;
  #cancelHello: () => void;
  #isAlive = true;

  constructor(socket: WebSocket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#cancelHello = deps.clock.after(SOCKET_LIMITS.helloTimeoutMs, () => this.close(CLOSE_CODES.unauthorized, 'no hello in time'));
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => (this.#isAlive = true));
    // What a peer does wrong in the protocol's lower half: the socket closes itself with the code for it.
    socket.on('error', (error) => deps.logger.debug({ err: error }, 'a WebSocket was closed for a fault'));
    socket.on('close', () => {
      this.#cancelHello();
      this.#closed.abort();
    });
  }

  /** Whether an answer is being given in a session that it watches. */
  get isListening(): boolean {
    return [...this.#watched.keys()].some((session) => this.#deps.chat.isAnswering(session));
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Called at regular intervals. */
  beat(): void {
    if (!this.#isAlive) return this.terminate();
    this.#isAlive = false;
    this.#socket.ping();
  }

  /** Called when a window of the frame limit begins. */
  beginWindow(): void {
    this.#frames = 0;
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#frames += 1;
    this.#isAlive = true;
    if (this.#frames > SOCKET_LIMITS.maxFramesPerWindow) return this.close(CLOSE_CODES.tooMuch, 'too many frames');
    if (isBinary) return this.close(CLOSE_CODES.refused, 'frames are text');
    const text = data.toString('utf8');
    let frame: ClientFrame;
    try {
      frame = this.#deps.parse(text);
    } catch (error) {
      if (this.#greeting === undefined) return this.close(CLOSE_CODES.refused, 'the first frame must be a hello');
      return this.#refuse(error, { re: idOf(text) });
    }
    void this.#dispatch(frame).catch((error: unknown) => this.#refuse(error, { re: frame.id }));
  }

  async #dispatch(frame: ClientFrame): Promise<void> {
    if (frame.type === 'hello') {
      if (this.#greeting !== undefined) throw new GatewayError('CONFLICT', { message: 'This connection has said hello before.' });
      return (this.#greeting = this.#greet(frame));
    }
    if (this.#greeting === undefined) return this.close(CLOSE_CODES.refused, 'the first frame must be a hello');
    await this.#greeting;
    if (!this.#isKnown) return;
    const { chat } = this.#deps;
    switch (frame.type) {
      case 'watch':
        return this.#watch(frame);
      case 'unwatch':
        this.#watched.get(frame.session)?.abort();
        return this.#send('unwatched', { re: frame.id, session: frame.session });
      case 'send': {
        const { session, content, key, replaceFrom, attachments } = frame;
        const more = { ...(replaceFrom && { replaceFrom }), ...(attachments && { attachments }) };
        const { messageId, isRepeated } = await chat.send({ session, content, key, ...more });
        return this.#send('sent', { re: frame.id, messageId, repeated: isRepeated });
      }
      case 'regenerate': {
        const { messageId, isRepeated } = await chat.regenerate(frame);
        return this.#send('sent', { re: frame.id, messageId, repeated: isRepeated });
      }
      case 'stop':
        return this.#send('stopped', { re: frame.id, stopped: chat.stop(frame.session) });
      case 'ping':
        return this.#send('pong', { re: frame.id });
    }
  }

  async #greet({ id, token, ticket, resume }: Hello): Promise<void> {
    try {
      await this.#deps.authenticate({ token, ticket });
    } catch (error) {
      const refusal = toGatewayError(error);
      this.#refuse(refusal, { re: id });
      const code = refusal.code === 'RATE_LIMITED' ? CLOSE_CODES.tooMuch : CLOSE_CODES.unauthorized;
      return this.close(code, refusal.code === 'RATE_LIMITED' ? 'too many wrong tokens' : 'the token is missing or wrong');
    }
    this.#cancelHello();
    this.#isKnown = true;
    await this.#send('hello', { re: id, ...this.#deps.identity });
    void this.#follow(resume);
  }

  async #follow(resume: string | undefined): Promise<void> {
    const { signal } = this.#closed;
    for await (const event of this.#deps.events.follow(resume, signal)) {
      if (signal.aborted) return;
      await this.#write((frameId) => this.#deps.encodeEvent(frameId, event));
    }
  }

  async #watch({ id, session, after, turn }: Extract<ClientFrame, { type: 'watch' }>): Promise<void> {
    if (!this.#watched.has(session) && this.#watched.size >= SOCKET_LIMITS.maxWatchedSessions) {
      throw new GatewayError('RATE_LIMITED', { message: `One connection can watch ${SOCKET_LIMITS.maxWatchedSessions} sessions.` });
    }
    this.#watched.get(session)?.abort();
    const stop = new AbortController();
    this.#watched.set(session, stop);
    const signal = AbortSignal.any([this.#closed.signal, stop.signal]);
    const position = { ...(after === undefined ? {} : { afterSeq: after }), ...(turn === undefined ? {} : { turn }) };
    try {
      for await (const event of this.#deps.chat.watch(session, position, signal)) {
        if (signal.aborted) return;
        await this.#tell(session, event);
      }
    } catch (error) {
      this.#refuse(error, { re: id, session });
    } finally {
      if (this.#watched.get(session) === stop) this.#watched.delete(session);
    }
  }

  #tell(session: string, event: ChatEvent): Promise<void> {
    switch (event.type) {
      case 'reset':
        return this.#send('reset', { session });
      case 'current':
        return this.#send('current', { session, hasOlder: event.hasOlder });
      case 'message':
        return this.#send('message', { session, seq: event.seq, message: event.message });
      case 'rewound':
        return this.#send('rewound', { session, fromSeq: event.fromSeq });
      case 'turn': {
        const { turn, state } = event;
        if (event.state !== 'running') return this.#send('turn', { session, turn, state });
        const { at, isElsewhere, replaces } = event;
        return this.#send('turn', { session, turn, state, at, elsewhere: isElsewhere, ...(replaces && { replaces }) });
      }
      case 'delta':
        return this.#send('delta', { session, turn: event.turn, at: event.at, text: event.text });
      case 'tool':
        return this.#send('tool', { session, turn: event.turn, index: event.index, tool: { ...event.tool } });
    }
  }

  #refuse(error: unknown, about: { re?: string | undefined; session?: string }): void {
    const refusal = toGatewayError(error);
    const requestId = newId('req');
    if (!refusal.spec.expose) this.#deps.logger.error({ err: refusal.cause ?? refusal, requestId }, 'a frame could not be handled');
    const { re, session } = about;
    void this.#send('error', {
      ...(re === undefined ? {} : { re }),
      ...(session === undefined ? {} : { session }),
      ...errorBody(refusal, requestId),
    });
  }

  /** Resolves when the frame has left this process: what comes after it waits for that. */
  #send<T extends ServerFrameType>(type: T, body: ServerFrameBody<T>): Promise<void> {
    return this.#write((frameId) => encodeFrame(frameId, type, body));
  }

  #write(encode: (frameId: string) => string): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve();
    this.#lastId += 1;
    const frame = encode(`s${this.#lastId}`);
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(SOCKET_LIMITS.stallTimeoutMs, () => {
        this.#socket.close(CLOSE_CODES.tooMuch, 'what was sent is not being read');
        this.terminate();
      });
      this.#socket.send(frame, () => {
        cancel();
        resolve();
      });
    });
  }
}
