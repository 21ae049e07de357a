/** Kind of an id; the prefix makes ids readable in logs and lets callers reject a wrong kind. */
export type IdPrefix =
  | 'gw'
  | 'wk'
  | 'req'
  | 'msg'
  | 'turn'
  | 'run'
  | 'job'
  | 'evt'
  | 'chat'
  | 'file'
  | 'resp'
  | 'conv'
  | 'fc'
  | 'ctc'
  | 'rs'
  | 'tok'
  | 'mcp'
  | 'sum';

const RANDOM_BYTES = 10;
/** Number of ids for which random bytes are drawn at once: drawing them for each id would cost ten times as much as the rest of it. */
const DRAWN = 256;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function createRandomDigits(): () => string {
  const pool = new Uint8Array(RANDOM_BYTES * DRAWN);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    let digits = '';
    for (const end = used + RANDOM_BYTES; used < end; used += 1) digits += HEX[pool[used] ?? 0];
    return digits;
  };
}

/** Shared by all ids of one millisecond. */
function createTimeDigits(): () => string {
  let atMs = Number.NaN;
  let digits = '';
  return () => {
    const nowMs = Date.now();
    if (nowMs !== atMs) {
      atMs = nowMs;
      digits = nowMs.toString(16).padStart(12, '0');
    }
    return digits;
  };
}

const randomDigits = createRandomDigits();
const timeDigits = createTimeDigits();

/**
 * Returns a new id such as `msg_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f`: time-ordered (48-bit ms), then 80 random bits; safe in URLs and
 * file names.
 */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${timeDigits()}${randomDigits()}`;
}

/** Whether a text has the form of an id that {@link newId} returns for that prefix. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && /^[0-9a-f]{32}$/.test(text.slice(prefix.length + 1));
}
