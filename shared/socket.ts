/** Constants of `/ws` shared by the page and the worker. The schemas are in shared/api/socket.ts. */

export const SOCKET_PATH = '/ws';

/** Why a socket was closed. */
export const CLOSE_CODES = {
  /** The gateway stops. */
  goingAway: 1001,
  /** The gateway cannot check the token now. */
  failed: 1011,
  /** The gateway restarts: connect again at once. */
  restart: 1012,
  /** No token, a wrong token, or no token in time. */
  unauthorized: 4401,
  /** Not a frame of this protocol, or an address, host or origin that is no longer allowed. */
  refused: 4403,
  /** Too many connections or frames, or the client does not read. */
  tooMuch: 4429,
} as const;

export const SOCKET_LIMITS = {
  /** Maximum size of a frame from a client. */
  maxFrameBytes: 1_114_112,
  /** Maximum bytes from a client before its first frame is complete. */
  maxHelloBytes: 65_536,
  maxWatchedSessions: 16,
  /** Maximum frames from one client in any 10 s. */
  maxFramesPerWindow: 200,
  windowMs: 10_000,
  /** The first frame must arrive within this time. */
  helloTimeoutMs: 10_000,
  /** Half of the idle time that proxies allow a connection: 50 s or 60 s by default. */
  pingIntervalMs: 25_000,
  /** A client that does not read for this long is dropped. */
  stallTimeoutMs: 30_000,
} as const;
