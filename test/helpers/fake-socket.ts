/** The server's end of a WebSocket, in memory. */
import { EventEmitter } from 'node:events';

export interface Frame {
  readonly type: string;
  readonly re?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly [field: string]: unknown;
}

/** Keeps what it is sent, and how it is ended. */
export class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly frames: Frame[] = [];
  closedWith: [code: number, reason: string] | undefined;
  isTerminated = false;
  pings = 0;
  /** Whether the peer reads what it is sent. */
  isReading = true;

  send(data: string, done: () => void): void {
    this.frames.push(JSON.parse(data) as Frame);
    if (this.isReading) setImmediate(done);
  }

  close(code: number, reason: string): void {
    this.closedWith ??= [code, reason];
    this.readyState = 2;
  }

  terminate(): void {
    this.isTerminated = true;
    this.readyState = 3;
    this.emit('close');
  }

  ping(): void {
    this.pings += 1;
  }
}
