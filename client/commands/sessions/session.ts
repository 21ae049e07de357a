import { usage } from '../../cli/usage.js';

/** Returns the path of a session in the API. @param key  its key or name @throws USAGE for a text that is neither a key nor a name */
export function sessionPath(key: string): string {
  if (/^(?!\.{1,2}$)\P{Cc}{1,512}$/u.test(key)) return `/api/sessions/${encodeURIComponent(key)}`;
  throw usage(`invalid session '${key}'`, 'See them with: xopc sessions');
}
