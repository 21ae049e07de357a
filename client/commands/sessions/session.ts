/** Sessions as the API gives them. */
import { GatewayError } from '../../../shared/errors.js';

export interface Session {
  readonly key: string;
  readonly agentId: string;
  readonly channel: string;
  readonly title: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly messageCount: number;
  readonly pinned: boolean;
  readonly archived: boolean;
  readonly unread: boolean;
  readonly tags: readonly string[];
}

export interface SessionMessage {
  readonly id: string;
  readonly role: string;
  readonly content: string;
  readonly createdAt: string;
  readonly model: string | null;
  readonly status: string;
}

/** The path of one session. @throws USAGE for what cannot be a key */
export function sessionPath(key: string): string {
  if (/^\P{Cc}{1,512}$/u.test(key) && key.split(':').length >= 5) return `/api/sessions/${encodeURIComponent(key)}`;
  throw new GatewayError('USAGE', { message: `'${key}' is no session key`, hint: 'See them with: xopc sessions' });
}
