/** Calls whose effect nobody wants twice. */
import { signal } from '@preact/signals';
import { type Call, make } from '../../api/client.js';
import { keepInstead } from '../../api/copy-mode.js';
import { newKey } from '../../browser/new-key.js';

/** The same call after this time is meant as another one. */
const KEPT_MS = 600_000;

interface Kept {
  readonly key: string;
  readonly atMs: number;
}

/** The keys of calls that have not succeeded yet. They outlive the view that made the call. */
const keptKeys = signal<Readonly<Record<string, Kept>>>({});

/** Makes a call with a key, which it keeps until it succeeds: after a lost answer, it can be made again without doing anything twice. */
export async function makeOnce<Answer>(call: Call): Promise<Answer> {
  // Before it has a key: the command line that is copied needs none.
  keepInstead(call);
  const name = JSON.stringify([call.path, call.body]);
  const kept = keptKeys.peek()[name];
  const key = kept !== undefined && Date.now() - kept.atMs < KEPT_MS ? kept.key : newKey();
  keptKeys.value = { ...keptKeys.peek(), [name]: { key, atMs: Date.now() } };
  const answer = await make<Answer>({ ...call, headers: { 'Idempotency-Key': key } });
  const { [name]: _done, ...others } = keptKeys.peek();
  keptKeys.value = others;
  return answer;
}
