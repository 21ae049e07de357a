import { afterEach, expect, test, vi } from 'vitest';

interface Module {
  readonly connection: { peek(): { readonly kind: string } };
  readonly pageSocket: { connect(): void };
}

vi.stubGlobal('location', new URL('http://gateway.test/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

/** Imported by a value: its types are those of a browser. */
const path = '../../../webui/src/api/socket.js';
const { connection, pageSocket } = (await import(path)) as Module;

/** The socket of a server that accepts connections and never answers. */
class SilentSocket extends EventTarget {
  static readonly OPEN = 1;
  static readonly made: SilentSocket[] = [];
  readyState = 0;
  isClosed = false;
  constructor() {
    super();
    SilentSocket.made.push(this);
  }
  send(): void {}
  /** A browser reports the end of a handshake that it abandons; a peer that is gone does not end an open connection. */
  close(): void {
    this.isClosed = true;
  }
  /** The upgrade is answered; the gateway's hello does not follow. */
  open(): void {
    this.readyState = SilentSocket.OPEN;
    this.dispatchEvent(new Event('open'));
  }
}

afterEach(() => void vi.useRealTimers());

test('a server that accepts a connection and never answers counts as lost after 10 s, with and without the upgrade', () => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', SilentSocket);
  const { made } = SilentSocket;
  pageSocket.connect();
  vi.advanceTimersByTime(9_999);
  expect(connection.peek().kind).toBe('connecting');
  vi.advanceTimersByTime(1);
  expect(connection.peek()).toMatchObject({ kind: 'waiting', tries: 1 });
  expect(made.map(({ isClosed }) => isClosed)).toEqual([true]);
  vi.advanceTimersByTime(250);
  // The second attempt: the page keeps saying that nobody has answered.
  expect(made).toHaveLength(2);
  expect(connection.peek()).toEqual({ kind: 'waiting', tries: 1, untilMs: 0 });
  made[1]?.open();
  vi.advanceTimersByTime(10_000);
  expect(connection.peek()).toMatchObject({ kind: 'waiting', tries: 2 });
  expect(made.map(({ isClosed }) => isClosed)).toEqual([true, true]);
});
