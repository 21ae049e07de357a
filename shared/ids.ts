/** What an id names; the prefix makes ids readable in logs and tells a wrong one at the edge. */
export type IdPrefix = 'gw' | 'wk' | 'req' | 'msg' | 'turn' | 'run' | 'job' | 'evt' | 'chat' | 'file';

/** A new id such as `msg_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f`: time-ordered (48-bit ms), then 80 random bits; safe in URLs and file names. */
export function newId(prefix: IdPrefix): string {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  let id = Date.now().toString(16).padStart(12, '0');
  for (const byte of bytes) id += byte.toString(16).padStart(2, '0');
  return `${prefix}_${id}`;
}
