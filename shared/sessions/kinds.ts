/** The kinds of sessions: chats of the page, calls of programs, scheduled jobs, and chats of channels. */
export const SESSION_KINDS = ['webchat', 'api', 'cron', 'channels'] as const;

export type SessionKind = (typeof SESSION_KINDS)[number];

export function sessionKindOf(channel: string): SessionKind {
  return SESSION_KINDS.find((kind) => kind === channel) ?? 'channels';
}
