/**
 * The gateway's own texts in API answers, each with a code for programs. The English text next to a code in an answer comes from
 * here; the page has the same codes in its other languages. Texts of vendors and channels have no code.
 */
import { FILE_REASONS } from './file-reasons.js';
import { fillText, isCoded } from './fill-text.js';

/** A phrase that follows the name of a field or setting. */
export const REASONS = {
  // Fields of a request
  required: 'is required',
  'unknown-keys': 'has an unknown key {keys}',
  'wrong-type': 'is {given}; it must be {expected}',
  empty: 'is empty',
  'too-long': 'has more than {max} characters',
  'too-short': 'has fewer than {min} characters',
  'too-many': 'has more than {max} entries',
  'too-few': 'has fewer than {min} entries',
  'at-most': 'must be at most {max}',
  'at-least': 'must be at least {min}',
  'must-be': 'must be {allowed}',
  'no-form': 'matches none of the allowed forms',
  'multiple-of': 'must be a multiple of {divisor}',
  'not-a': 'is not a valid {format}',
  'invalid-key': 'has an invalid key',
  'invalid-value': 'has an invalid value',
  'control-characters': 'must not contain control characters',
  'text-or-whole-number': 'must be text or a whole number',
  base64: 'must be base64',
  'token-name': 'must be 1 to 64 letters, digits, and . _ -',

  // Kinds of values
  'type-string': 'a string',
  'type-number': 'a number',
  'type-int': 'a whole number',
  'type-boolean': 'true or false',
  'type-array': 'a list',
  'type-object': 'an object',
  'type-null': 'null',
  'type-nothing': 'nothing',
  'type-nan': 'not a number',
  'type-date': 'a date',
  'type-other': 'a different value',
  'format-time': 'time',
  'format-url': 'URL',
  'format-email': 'e-mail address',
  'format-other': 'value',

  // Settings
  'wrong-value': '{shown}; it must be {allowed}',
  'breaks-rule': '{shown}; it {rule}',
  'is-value': 'is {value}',
  'beyond-safe': 'is a number beyond ±{max}',
  exactly: '{value}',
  'one-of': 'one of {values}',
  either: '{first} or {second}',
  'number-range': 'a number from {min} to {max}',
  'number-from': 'a number of at least {min}',
  'number-to': 'a number of at most {max}',
  'int-range': 'a whole number from {min} to {max}',
  'int-from': 'a whole number of at least {min}',
  'int-to': 'a whole number of at most {max}',
  url: 'a URL such as https://example.com',
  'text-range': 'text of {min} to {max} characters',
  'text-from': 'text of at least {min} characters',
  'text-not-empty': 'a non-empty string',
  text: 'text',
  list: 'a list [ … ]',
  object: 'an object { … }',
  'unknown-key': 'is not a known key',
  'unknown-key-near': "is not a known key; did you mean '{name}'?",
  'unknown-key-known': 'is not a known key; known here: {names}',
  'invalid-name': 'is not a valid name; it {rule}',
  'unset-variable': 'refers to ${{variable}}, which is not set; {key} is left unconfigured',
  'unset-restriction': 'refers to ${{variable}}, which is not set; without it this restriction would be lifted',
  'unset-store': 'refers to ${{variable}}, which is not set; without it everything would be stored in another place',
  'masked-secret': 'is the mask of a secret, not the secret; write the secret itself, or ${{variable}}',
  'too-many-problems': 'has more problems than can be listed; go back to an earlier version of the file, or to {}',
  id: 'must be 1–64 letters, digits, dots, dashes or underscores',
  'lower-id': 'must be lower-case letters, digits, dots, dashes or underscores',
  'own-provider': "must not be 'xopc', the name of the built-in guide",
  origin: 'must be an origin such as https://example.com, without a path',
  host: 'must be an address or a host name, such as 127.0.0.1',
  'model-reference': 'must be provider/model, e.g. openai/gpt-5',
  'header-name': 'must be the name of a header, such as X-Signature',
  'signed-content': 'must have {body} once, and {timestamp} where timestampHeader is set',
  'template-hole':
    "has a placeholder at character {at} that is neither a path such as $.list[0].name nor a text in quotation marks: '{text}'",
  'template-end': 'has an opening pair of braces at character {at} without a closing one',
  'template-each': 'has an each at character {at} without an end, inside another one, or an end without an each',
  'template-long': 'has more than {max} holes',
  'header-text': 'must be printable ASCII without spaces, to be valid in a header',
  'not-address': "'{value}' is neither an IP address nor a CIDR range such as 192.168.0.0/16",
  'not-host': "'{value}' is neither a host name, an IP address nor a CIDR range",
  'not-base-path': "'{value}' cannot be a base path; use one such as /xopc, not one of the gateway's own such as /api",
  'id-twice': "'{value}' is used twice; ids must differ",
  'not-in-list': "'{value}' is not in agents.list",
  'not-in-servers': "'{value}' is not in mcp.servers",
  'not-time-zone': "'{value}' is not a time zone; use a name such as Europe/Berlin or UTC, or system for this machine's own",
  'not-signing-secret': `is not 'whsec_' followed by Base64, as the output of: echo "whsec_$(openssl rand -base64 24)"`,
  'command-or-url': 'must have either a command or a url',
  'no-enabled-agent': 'has no enabled agent; add one such as {"id": "main"}, or remove "enabled": false',

  // The text of a configuration file
  ...FILE_REASONS,
  'comment-mask': "'{mask}' {what}",
  'mask-without-secret': 'is a mask, but no secret is stored there; write the secret itself, or ${{variable}}',
  'provider-unknown': "is '{model}', but its provider '{provider}' is not in {file}; add it there or name one of: {names}",
  'provider-without-file':
    "is '{model}', but its provider '{provider}' would be described in {file}, which does not exist; add it there or name one of: {names}",

  // Schedules
  'schedule-interval': "needs an interval after 'every', such as 1h30m; units are s, m, h, d and w",
  'schedule-interval-range': 'must be between 1 second and 366 days',
  'schedule-time': "needs a time after 'at', such as 2026-03-01T09:00, or 2026-03-01T09:00:00Z with a zone",
  'schedule-field-count': 'has {count} fields; a cron expression has five or six',
  'schedule-field': 'has an invalid {field}: {value}',
  'schedule-part': "has an invalid part '{part}'",
  'schedule-invalid': 'is not a valid cron expression',
  'schedule-length': 'must have 1 to {max} characters',
  'schedule-in-the-past': 'is in the past',
  'schedule-never-fires': 'never fires',
  'invalid-active-hours': 'the active hours must be like 08:00-22:00, the days like mon-fri or sat,sun',
  'schedule-never-active': 'never fires in its active hours',
  'field-second': 'second',
  'field-minute': 'minute',
  'field-hour': 'hour',
  'field-day': 'day',
  'field-month': 'month',
  'field-weekday': 'weekday',
  'unknown-zone': "invalid {field} '{name}'",
  'invalid-cursor': "invalid cursor '{cursor}'",
  'message-empty': 'message is empty',
  'name-empty': 'name is empty',
  'given-together': '{first} and {second} must be given together or not at all',
  'chat-required': "channel and chat_id are required for a message; a job with mode 'agent' does not need them",
  'no-agent': "there is no agent '{name}'",
  'agent-disabled': "the agent '{name}' is disabled",
  'config-problem': '{place} {problem}',
} as const satisfies Readonly<Record<string, string>>;

export type ReasonCode = keyof typeof REASONS;

/** A text, a number, or a reason that is part of the text. */
export type ReasonValue = string | number | Reason;

export interface Reason {
  readonly code: ReasonCode;
  readonly values: Readonly<Record<string, ReasonValue>>;
}

export const isReason = (value: unknown): value is Reason => isCoded(value) && Object.hasOwn(REASONS, value.code);

export function reason(code: ReasonCode, values: Reason['values'] = {}): Reason {
  return { code, values };
}

/** Returns the English text. */
export function say({ code, values }: Reason): string {
  const said = Object.entries(values).map(([name, value]) => [name, isReason(value) ? say(value) : value] as const);
  return fillText(REASONS[code], Object.fromEntries(said));
}

/** A text of an API answer with its code and values; texts from elsewhere have no code. */
export interface Explained extends Partial<Reason> {
  readonly message: string;
}

export const explain = (what: Reason): Explained => ({ message: say(what), ...what });

const FIXED: ReadonlyMap<string, ReasonCode> = new Map(
  Object.entries(REASONS).flatMap(([code, text]) => (/\{\w/.test(text) ? [] : [[text, code as ReasonCode]])),
);

/** Returns the reason for a text, because a schema issue only carries the text. */
export function reasonOfText(text: string): Reason | undefined {
  const code = FIXED.get(text);
  return code === undefined ? undefined : reason(code);
}
