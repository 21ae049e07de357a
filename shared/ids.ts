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
/** Random bytes are drawn for this many ids at once: drawing them for each costs ten times what the rest of an id does. */
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

/** The same for all ids of a millisecond. */
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

/** A new id such as `msg_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f`: time-ordered (48-bit ms), then 80 random bits; safe in URLs and file names. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${timeDigits()}${randomDigits()}`;
}

/** Whether a text has the form of an id that {@link newId} made with that prefix. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && /^[0-9a-f]{32}$/.test(text.slice(prefix.length + 1));
}
