/** Fields that several API documents share. Each call builds a new schema; a document is built when it is first used. */
import * as z from 'zod';
import { CUT_OFF } from '../turn-usage.js';

/** A name or an id as a caller writes it: 1 to `maxLength` UTF-16 units, no control characters. */
export function label(maxLength: number): z.ZodString {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^\P{Cc}*$/u, 'must not contain control characters');
}

/** The id of a chat as a caller writes it: text of up to 256 characters, or a number, as Telegram's ids are. 123 and "123" are the same chat. */
export function chatId(): z.ZodType<string | number, string | number> {
  return z.union([label(256), z.int()], { error: 'must be text or a whole number' });
}

/** {@link chatId}, as text. */
export const chatIdText = (): z.ZodType<string, string | number> => chatId().transform(String);

/** Text for a chat or a model, passed on verbatim. Its length is bounded by the limit on the whole body (`gateway.maxBodyBytes`). */
export function text(): z.ZodString {
  return z.string().min(1);
}

export const count = () => z.int().min(0);

export const instant = () => z.iso.datetime();

/** Sums over all model calls; null if a provider reports no token counts, or `models.json` has no price. */
export const usage = () =>
  z.strictObject({ inputTokens: z.int().nullable(), outputTokens: z.int().nullable(), costUsd: z.number().nullable() });

/** A whole number in a query string. */
export function queryInteger(minimum: number, maximum: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum));
}

/** `true` or `false` in a query string. */
export function queryFlag(): z.ZodType<boolean, string> {
  return z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((value) => value === 'true')
    .pipe(z.boolean());
}

/** Names from a fixed list in a query string, separated by commas. */
export function queryList<Name extends string>(names: readonly [Name, ...Name[]]): z.ZodType<Name[], string> {
  return z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(z.enum(names, { error: `must be one or more of: ${names.join(', ')}` })));
}

/** A moment in a query string: ISO 8601 with a zone, or epoch milliseconds. @returns epoch milliseconds */
export function queryInstant(): z.ZodType<number, string> {
  return z
    .union([z.iso.datetime({ offset: true }), z.string().regex(/^\d{1,15}$/)], {
      error: 'must be a time such as 2026-01-31T08:00:00Z, or epoch milliseconds',
    })
    .transform((value) => (/^\d+$/.test(value) ? Number(value) : Date.parse(value)));
}

/** Part of every successful response. */
export const okStatus = (): z.ZodLiteral<'ok'> => z.literal('ok');

/**
 * A machine-readable reason next to a text in English: a code and the values in the text, some of which may again be a code with
 * values. Missing when the text comes from a vendor or a channel.
 */
export const reasonFields = () => ({ code: z.string().optional(), values: z.record(z.string(), z.unknown()).optional() });

/** The same next to a text that is not a message: `why`. */
export const whyFields = () => ({
  why: z.strictObject({ code: z.string(), values: z.record(z.string(), z.unknown()) }).optional(),
});

/** The health of a part, based on the last hour. `reason`: readable text; null while the part is `ok`. */
export const health = () => z.strictObject({ state: z.enum(['ok', 'degraded', 'down']), reason: z.string().nullable(), ...whyFields() });

export type Health = z.output<ReturnType<typeof health>>;

export const HEALTHY: Health = { state: 'ok', reason: null };

/** A response body without its `status`, as services return it. */
export type Answer<Response extends () => z.ZodType> = Omit<z.output<ReturnType<Response>>, 'status'>;

/**
 * Why the model did not finish the answer: it reached its token limit, or its provider's filter ended the answer. Absent if it
 * finished.
 */
export const cutOff = () => z.enum(CUT_OFF).optional();
