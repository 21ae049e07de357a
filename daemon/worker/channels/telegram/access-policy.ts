/** Decides who may talk to a bot. Pure. */
import type { TelegramSettings } from './settings.js';

export interface Sender {
  readonly id: number;
  readonly username: string | undefined;
}

/** `pairing`: only after the owner's approval of the sender. */
export type Access = 'granted' | 'refused' | 'pairing';

/** User names are compared without their case and with or without `@`. */
export function isListed(allowFrom: TelegramSettings['allowFrom'], candidate: Sender): boolean {
  const id = String(candidate.id);
  const name = candidate.username?.toLowerCase();
  return allowFrom.some((entry) => {
    const text = String(entry).trim();
    return text === id || (name !== undefined && text.replace(/^@/, '').toLowerCase() === name);
  });
}

/** @param groupId  the group of the message; undefined in a direct chat with the bot */
export function decideAccess(settings: TelegramSettings, sender: Sender, groupId: number | undefined): Access {
  const { dmPolicy, groupPolicy, allowFrom } = settings;
  if (groupId !== undefined) {
    if (groupPolicy === 'disabled') return 'refused';
    const isKnown = isListed(allowFrom, sender) || isListed(allowFrom, { id: groupId, username: undefined });
    return groupPolicy === 'open' || isKnown ? 'granted' : 'refused';
  }
  if (dmPolicy === 'disabled') return 'refused';
  if (dmPolicy === 'open' || isListed(allowFrom, sender)) return 'granted';
  return dmPolicy === 'pairing' ? 'pairing' : 'refused';
}
