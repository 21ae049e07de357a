import { sessionKey } from '../../../../../shared/api/sessions.js';

/** What the operations on one session share. */
export const OF_SESSION = { scope: 'chat', errors: ['SESSION_NOT_FOUND'], params: { key: sessionKey } } as const;
