/** Converts a service's call, whatever its format, to a message for an agent, using the account's preset and templates. */
import { createHash } from 'node:crypto';
import type { WebhookSettings } from '../account.js';
import { type Preset, PRESET_TABLE } from './presets.js';
import { cutTo, renderTemplate, type TemplateData } from './render-template.js';

/**
 * `skipped`: there is nothing to handle. `challenge`: the service checks whether this is the right address, and expects that text
 * back.
 */
export type ReadCall =
  | {
      readonly type: 'message';
      readonly chatId: string;
      readonly id: string | undefined;
      readonly content: string;
      /** Whether the call used the gateway's own format, with exactly these texts. */
      readonly isOwn: boolean;
    }
  | { readonly type: 'skipped' }
  | { readonly type: 'challenge'; readonly challenge: string };

type CallSettings = Pick<WebhookSettings, 'preset' | 'template' | 'chatTemplate' | 'senderTemplate' | 'idTemplate'>;

/** Far more than a person writes; a model pays for each character. */
const TEXT = { length: 20_000, items: 20 };
const NAME = { length: 1_000, items: 20 };
/** The whole id counts: ids that differ only at their ends belong to different messages. */
const WHOLE = { length: 1_048_576, items: 100_000 };
/** Same limits as for chats and ids in the API. */
const MAX_CHAT_LENGTH = 256;
const MAX_ID_LENGTH = 200;
const MAX_SENDER_LENGTH = 200;
const DEFAULT_CHAT = 'default';

const lineOf = (text: string): string =>
  text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .toWellFormed();

/** Replaces the end of a long name with a hash, so that it stays different from other names with the same start. */
function bounded(name: string, length: number): string {
  if (name.length <= length) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return `${cutTo(name, length - hash.length)}${hash}`;
}

/** Returns the template of the text; the account's own comes first. */
function templateFor({ preset, template }: CallSettings, render: (part: string) => string): string {
  if (template !== undefined || preset === undefined) return template ?? '';
  const { kinds, texts } = PRESET_TABLE[preset];
  const kind = kinds.map((one) => lineOf(render(one))).find((one) => Object.hasOwn(texts, one)) ?? 'other';
  return texts[kind] ?? '';
}

/** Nothing that a service reports is treated as a command, whoever caused it. */
function contentOf(text: string, sender: string): string {
  if (sender !== '') return `[${sender}] ${text}`;
  return text.startsWith('/') ? `> ${text}` : text;
}

/** Whether calls of the account are parsed by templates, rather than as `{"chat_id", "content"}`. */
export const isRead = ({ preset, template }: CallSettings): boolean => preset !== undefined || template !== undefined;

/** @param settings  of an account for which {@link isRead} holds */
export function readCall(settings: CallSettings, data: TemplateData): ReadCall {
  const preset: Partial<Preset> = settings.preset === undefined ? {} : PRESET_TABLE[settings.preset];
  const name = (template: string | undefined): string => lineOf(renderTemplate(template ?? '', data, NAME));
  const challenge = name(preset.challenge);
  if (challenge !== '') return { type: 'challenge', challenge };
  if (name(preset.skip) !== '') return { type: 'skipped' };
  // The template itself may contain characters that cannot be stored.
  const text = renderTemplate(templateFor(settings, name), data, TEXT).replaceAll('\0', '').trim().toWellFormed();
  if (text === '') return { type: 'skipped' };
  // The name is put in brackets: a name with brackets could close them and impersonate someone else.
  const sender = cutTo(
    name(settings.senderTemplate ?? preset.sender)
      .replaceAll('[', '(')
      .replaceAll(']', ')'),
    MAX_SENDER_LENGTH,
  );
  const id = lineOf(renderTemplate(settings.idTemplate ?? preset.id ?? '', data, WHOLE));
  return {
    type: 'message',
    chatId: bounded(name(settings.chatTemplate ?? preset.chat) || DEFAULT_CHAT, MAX_CHAT_LENGTH),
    id: id === '' ? undefined : bounded(id, MAX_ID_LENGTH),
    content: contentOf(text, sender),
    isOwn: false,
  };
}
