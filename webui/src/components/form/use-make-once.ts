/** Calls whose effect nobody wants twice. */
import { useRef } from 'preact/hooks';
import { type Call, make } from '../../api/client.js';
import { keepInstead } from '../../api/copy-mode.js';
import { newKey } from '../../browser/new-key.js';

/** The same call after this time is meant as another one. */
const KEPT_MS = 600_000;

/** Returns a function that makes calls with a key. A call keeps its key until it succeeds: after a lost answer, it can be made again without doing anything twice. */
export function useMakeOnce(): <Answer>(call: Call) => Promise<Answer> {
  const { current: keys } = useRef(new Map<string, { readonly key: string; readonly atMs: number }>());
  return async <Answer>(call: Call): Promise<Answer> => {
    // Before it has a key: the command line that is copied needs none.
    keepInstead(call);
    const name = JSON.stringify([call.path, call.body]);
    const kept = keys.get(name);
    const { key } = kept !== undefined && Date.now() - kept.atMs < KEPT_MS ? kept : { key: newKey() };
    keys.set(name, { key, atMs: Date.now() });
    const answer = await make<Answer>({ ...call, headers: { 'Idempotency-Key': key } });
    keys.delete(name);
    return answer;
  };
}
