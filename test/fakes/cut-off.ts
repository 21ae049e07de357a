import type { ServerResponse } from 'node:http';

/**
 * Breaks the connection in the middle of an answer, after what was written has gone out. Not in the same turn of the event loop: `fetch` of
 * Node 26 fails as if there were no answer when its end comes together with its beginning.
 */
export function cutOff({ socket }: ServerResponse): void {
  setImmediate(() => socket?.end(() => socket.destroy()));
}
