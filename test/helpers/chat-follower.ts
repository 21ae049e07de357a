/** A client that follows one chat as the page does: it comes back after every loss, with what it has. */
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { ServerFrame } from '../../shared/api/socket.js';
import { until } from './real-gateway.js';

const RETRY_MS = 20;

export class ChatFollower {
  readonly #port: number;
  readonly #session: string;
  readonly messages = new Map<number, string>();
  /** What the answer that is being given says so far; each attempt at it has a turn of its own. */
  live: { turn: string; text: string } | undefined;
  /** Close codes, in order. */
  readonly closes: number[] = [];
  /** Every text that was shown for a turn, at its longest. */
  readonly spoken = new Map<string, string>();
  readonly faults: string[] = [];
  isCurrent = false;
  #socket: WebSocket | undefined;
  #isOver = false;

  constructor(port: number, session: string) {
    this.#port = port;
    this.#session = session;
    onTestFinished(() => this.close());
    this.#connect();
  }

  close(): void {
    this.#isOver = true;
    this.#socket?.terminate();
  }

  send(key: string, content: string): void {
    this.#tell('send', { session: this.#session, key, content });
  }

  /** As a network that is gone: nothing arrives until {@link connect}. */
  cut(): void {
    this.#isOver = true;
    this.#socket?.terminate();
  }

  connect(): void {
    this.#isOver = false;
    this.#connect();
  }

  untilSaid(text: string): Promise<unknown> {
    return until(`'${text}' as a message`, () => [...this.messages.values()].includes(text), 30_000);
  }

  #tell(type: string, body: object = {}): void {
    this.#socket?.send(JSON.stringify({ v: 1, id: type, type, ...body }));
  }

  #connect(): void {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}/ws`);
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('open', () => {
      this.#tell('hello');
      const after = Math.max(0, ...this.messages.keys());
      const turn = this.live === undefined ? {} : { turn: { id: this.live.turn, length: this.live.text.length, tools: 0 } };
      this.#tell('watch', { session: this.#session, after, ...turn });
    });
    socket.on('message', (data: Buffer) => this.#receive(JSON.parse(data.toString('utf8')) as ServerFrame));
    socket.on('close', (code) => {
      this.isCurrent = false;
      if (this.#socket !== socket) return;
      this.closes.push(code);
      if (!this.#isOver) setTimeout(() => !this.#isOver && this.#connect(), code === 1012 ? 0 : RETRY_MS);
    });
  }

  #receive(frame: ServerFrame): void {
    if (frame.type === 'current') this.isCurrent = true;
    if (frame.type === 'reset' || frame.type === 'error') this.faults.push(JSON.stringify(frame));
    if (frame.type === 'message') {
      if (this.messages.has(frame.seq)) this.faults.push(`message ${frame.seq} came twice`);
      this.messages.set(frame.seq, `${frame.message.role}: ${frame.message.content}`);
      if (frame.message.role !== 'user') this.live = undefined;
    }
    if (frame.type === 'turn') this.#onTurn(frame);
    if (frame.type === 'delta') this.#grow(frame);
  }

  #onTurn({ turn, state, at, elsewhere }: Extract<ServerFrame, { type: 'turn' }>): void {
    if (state !== 'running') this.live = undefined;
    else if (elsewhere !== true && this.live?.turn !== turn) this.live = { turn, text: '' };
    if (state === 'running' && elsewhere !== true && at !== this.live?.text.length) this.faults.push(`turn ${turn} goes on at ${at}`);
  }

  #grow({ turn, at, text }: Extract<ServerFrame, { type: 'delta' }>): void {
    if (this.live?.turn !== turn || this.live.text.length !== at) this.faults.push(`delta of ${turn} at ${at}`);
    else this.live = { turn, text: this.live.text + text };
    this.spoken.set(turn, this.live?.text ?? '');
  }
}
