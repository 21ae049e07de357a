import { usage } from '../../cli/usage.js';

/** Returns the path of a session in the API. @throws USAGE for an invalid key */
export function sessionPath(key: string): string {
  if (/^\P{Cc}{1,512}$/u.test(key) && key.split(':').length >= 5) return `/api/sessions/${encodeURIComponent(key)}`;
  throw usage(`invalid session key '${key}'`, 'See them with: xopc sessions');
}
