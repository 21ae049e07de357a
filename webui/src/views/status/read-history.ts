import { call } from '../../api/client.js';
import type { History } from './history.js';

/** The last 24 hours, in parts of 15 minutes. */
export function readHistory(signal: AbortSignal): Promise<History> {
  return call<History>('GET', '/api/overview/history', { signal });
}
