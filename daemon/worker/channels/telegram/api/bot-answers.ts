/**
 * Schemas of the Bot API's answers (https://core.telegram.org/bots/api) that the gateway uses. Other fields are dropped here, so
 * that no other code sees a value of an unexpected type.
 */
import * as z from 'zod';

/** Far above Telegram's own limits; bounds what a server at `apiRoot` can make the gateway store. */
const text = z.string().max(65_536);
const user = z.object({
  id: z.int(),
  is_bot: z.boolean().optional(),
  first_name: text.optional(),
  last_name: text.optional(),
  username: text.optional(),
});
const chat = z.object({ id: z.int(), type: text, title: text.optional(), username: text.optional() });
const file = z.object({ file_id: text.optional(), file_name: text.optional(), file_size: z.number().optional() });
const location = z.object({ latitude: z.number(), longitude: z.number() });
const entities = z.array(z.object({ type: text, user: user.optional() })).max(1_000);

const origin = z.object({
  type: text,
  sender_user: user.optional(),
  sender_user_name: text.optional(),
  sender_chat: chat.optional(),
  author_signature: text.optional(),
  chat: chat.optional(),
});

const singleMessage = z.object({
  message_id: z.int(),
  chat,
  from: user.optional(),
  sender_chat: chat.optional(),
  message_thread_id: z.int().optional(),
  is_topic_message: z.boolean().optional(),
  migrate_to_chat_id: z.int().optional(),
  media_group_id: text.optional(),
  text: text.optional(),
  caption: text.optional(),
  entities: entities.optional(),
  caption_entities: entities.optional(),
  forward_origin: origin.optional(),
  quote: z.object({ text }).optional(),
  photo: z.array(file).max(100).optional(),
  animation: file.optional(),
  document: file.optional(),
  video: file.optional(),
  audio: file.extend({ duration: z.number().optional() }).optional(),
  voice: file.extend({ duration: z.number() }).optional(),
  video_note: file.extend({ duration: z.number().optional() }).optional(),
  sticker: z.object({ emoji: text.optional() }).optional(),
  contact: z.object({ first_name: text, phone_number: text }).optional(),
  venue: z.object({ title: text, address: text, location }).optional(),
  location: location.optional(),
  poll: z.object({ question: text, options: z.array(z.object({ text })).max(100) }).optional(),
  dice: z.object({ emoji: text, value: z.number() }).optional(),
});

/** A message that the bot can no longer access still has its ids. */
const pressed = singleMessage.pick({ message_id: true, chat: true, message_thread_id: true, is_topic_message: true }).extend({
  reply_markup: z
    .object({ inline_keyboard: z.array(z.array(z.object({ callback_data: text.optional() }))) })
    .optional()
    .catch(undefined),
});
const callback = z.object({ id: text, from: user, message: pressed.optional(), data: text.optional() });

const message = singleMessage.extend({ reply_to_message: singleMessage.optional() });
export type Message = z.infer<typeof message>;

/**
 * `problem`: why its message cannot be read. Telegram repeats an update until it is confirmed, so one bad update must not fail the
 * whole batch.
 */
export interface Update {
  readonly update_id: number;
  readonly message?: Message | undefined;
  /** A button was pressed. */
  readonly callback_query?: z.infer<typeof callback> | undefined;
  readonly problem?: string;
}

const rawUpdate = z.object({ update_id: z.int().nonnegative(), message: z.unknown().optional(), callback_query: z.unknown().optional() });
const update = rawUpdate.transform((raw): Update => {
  const { update_id: id } = raw;
  const said = message.optional().safeParse(raw.message);
  if (!said.success) return { update_id: id, problem: placeOf(said.error, 'message') };
  const press = callback.optional().safeParse(raw.callback_query);
  if (!press.success) return { update_id: id, problem: placeOf(press.error, 'callback_query') };
  return { update_id: id, message: said.data, ...(press.data && { callback_query: press.data }) };
});

const sent = z.object({ message_id: z.int() });
const command = z.object({ command: text, description: text });
export type BotCommand = z.infer<typeof command>;

/** The methods in use, with the schemas of their results. */
export const RESULTS = {
  getMe: z.object({ id: z.int(), username: text.optional() }),
  deleteWebhook: z.literal(true),
  getMyCommands: z.array(command).max(1_000),
  setMyCommands: z.literal(true),
  getFile: z.object({ file_path: text.optional() }),
  // At most as many as were requested.
  getUpdates: z.array(update).max(100),
  sendMessage: sent,
  editMessageText: z.union([sent, z.literal(true)]),
  sendChatAction: z.literal(true),
  answerCallbackQuery: z.literal(true),
};
export type BotMethod = keyof typeof RESULTS;
export type BotMethodResult<M extends BotMethod> = z.infer<(typeof RESULTS)[M]>;

const MAX_RETRY_AFTER_SECONDS = 24 * 60 * 60;
const parameters = z.object({
  retry_after: z.number().nonnegative().optional().catch(undefined),
  migrate_to_chat_id: z.int().optional().catch(undefined),
});

/** The envelope of each answer. */
export const answer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown().optional() }),
  z.object({
    ok: z.literal(false),
    error_code: z.int(),
    description: z.string(),
    parameters: parameters
      .transform(({ retry_after: seconds, ...rest }) => ({
        ...rest,
        ...(seconds === undefined ? {} : { retry_after: Math.min(seconds, MAX_RETRY_AFTER_SECONDS) }),
      }))
      .optional()
      .catch(undefined),
  }),
]);

/** Returns where a value does not fit its schema, such as `message.chat.id`. @param name  name of the whole value */
export function placeOf(error: z.ZodError, name: string): string {
  return [name, ...(error.issues[0]?.path ?? [])].join('.').slice(0, 200);
}
