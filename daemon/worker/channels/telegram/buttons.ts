/** Buttons for decisions: adds them to a message, and reads a press. Pure. */
import type { ButtonPress } from '../host.js';
import { decideAccess } from './access-policy.js';
import type { Update } from './api/bot-answers.js';
import { chatIdOf } from './chat-id.js';
import { nameOf } from './message-content.js';
import type { TelegramSettings } from './settings.js';

/** https://core.telegram.org/bots/api#inlinekeyboardbutton: `callback_data` has 1 to 64 bytes. */
export interface Keyboard {
  readonly inline_keyboard: readonly (readonly { readonly text: string; readonly callback_data: string }[])[];
}

const BUTTONS = [
  { key: 'y', text: 'Approve', decision: { decision: 'approve' } },
  { key: 'n', text: 'Deny', decision: { decision: 'deny' } },
  { key: 's', text: 'Always here', decision: { decision: 'approve', remember: 'session' } },
] as const;

/** Old messages keep their buttons, so later versions must understand this data. */
const DATA = /^ap:(\d{1,9}):([yns])$/;

export function decisionButtons(approvalId: number): Keyboard {
  return { inline_keyboard: [BUTTONS.map(({ key, text }) => ({ text, callback_data: `ap:${approvalId}:${key}` }))] };
}

/** Returns the press of a person; undefined for any other update. */
export function readPress(
  { callback_query: query }: Update,
  account: { accountId: string; settings: TelegramSettings },
): ButtonPress | undefined {
  const { message, from } = query ?? {};
  const [, number, key] = DATA.exec(query?.data ?? '') ?? [];
  const button = BUTTONS.find((one) => one.key === key);
  if (query === undefined || message === undefined || from === undefined || from.is_bot === true || button === undefined) return undefined;
  const groupId = message.chat.type === 'private' ? undefined : message.chat.id;
  const access = decideAccess(account.settings, { id: from.id, username: from.username }, groupId);
  const senderName = nameOf(from);
  const hasButton = message.reply_markup?.inline_keyboard.flat().some(({ callback_data: data }) => data === query.data) === true;
  return {
    channel: 'telegram',
    accountId: account.accountId,
    chatId: chatIdOf(message),
    id: query.id,
    messageId: String(message.message_id),
    approvalId: Number(number),
    ...button.decision,
    senderName,
    ...(hasButton ? { hasButton } : {}),
    ...(access === 'refused' ? { isRefused: true } : {}),
    ...(access === 'pairing' ? { pairing: { senderId: String(from.id), senderName } } : {}),
  };
}
