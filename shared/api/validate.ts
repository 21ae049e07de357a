/** Checks input from outside against its schema. Errors name the field in the API's terms. */
import type { z } from 'zod';
import { GatewayError } from '../errors.js';
import { isFields } from '../fields.js';
import { reason, type Reason, type ReasonCode, reasonOfText, say } from '../text/reasons.js';

/** A schema for {@link validate}. */
export type Schema<Output> = z.ZodType<Output>;

const MAX_ISSUES = 20;

function pathOf(issue: z.core.$ZodIssue): string {
  return issue.path.map(String).join('.');
}

const TYPES: ReadonlyMap<string, ReasonCode> = new Map([
  ['string', 'type-string'],
  ['number', 'type-number'],
  ['int', 'type-int'],
  ['boolean', 'type-boolean'],
  ['array', 'type-array'],
  ['object', 'type-object'],
  ['record', 'type-object'],
  ['null', 'type-null'],
  ['undefined', 'type-nothing'],
  ['nan', 'type-nan'],
  ['date', 'type-date'],
]);

const FORMATS: ReadonlyMap<string, ReasonCode> = new Map([
  ['datetime', 'format-time'],
  ['date', 'type-date'],
  ['url', 'format-url'],
  ['email', 'format-email'],
]);

const typeOf = (name: string): Reason => reason(TYPES.get(name) ?? 'type-other');

/** Default messages of zod. Messages that a schema defines itself are kept. */
const LIBRARY = /^(?:Invalid|Too|Unrecognized|Expected) /;

function reasonOfSize(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): Reason {
  const { origin } = issue;
  if (issue.code === 'too_big') {
    const max = Number(issue.maximum);
    return reason(origin === 'string' ? 'too-long' : origin === 'array' ? 'too-many' : 'at-most', { max });
  }
  const min = Number(issue.minimum);
  if ((origin === 'string' || origin === 'array') && min === 1) return reason('empty');
  return reason(origin === 'string' ? 'too-short' : origin === 'array' ? 'too-few' : 'at-least', { min });
}

const oneOf = (values: string): Reason => reason('must-be', { allowed: reason('one-of', { values }) });

/** Returns the problem as a phrase that follows the field name; undefined for messages defined by the schema. */
function reasonOfProblem(issue: z.core.$ZodIssue): Reason | undefined {
  if (!LIBRARY.test(issue.message)) return undefined;
  switch (issue.code) {
    case 'invalid_type': {
      const received = /received (\S+)$/.exec(issue.message)?.[1] ?? '';
      return reason('wrong-type', { given: typeOf(received), expected: typeOf(issue.expected) });
    }
    case 'too_big':
    case 'too_small':
      return reasonOfSize(issue);
    case 'invalid_value': {
      const values = issue.values.map((value) => JSON.stringify(value)).join(', ');
      return issue.values.length === 1 ? reason('must-be', { allowed: values }) : oneOf(values);
    }
    case 'invalid_union': {
      const expected = /Expected (.+)$/.exec(issue.message)?.[1];
      return expected === undefined ? reason('no-form') : oneOf(expected.replaceAll(' | ', ', ').replaceAll("'", '"'));
    }
    case 'not_multiple_of':
      return reason('multiple-of', { divisor: Number(issue.divisor) });
    case 'invalid_format':
      return reason('not-a', { format: reason(FORMATS.get(issue.format) ?? 'format-other') });
    case 'invalid_key':
      return reason('invalid-key');
    default:
      return reason('invalid-value');
  }
}

interface Described {
  readonly path: string;
  readonly message: string;
  readonly reason: Reason | undefined;
}

function describe(issue: z.core.$ZodIssue): Described {
  const path = pathOf(issue);
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys
      .slice(0, MAX_ISSUES)
      .map((key) => `'${key.slice(0, 80)}'`)
      .join(', ');
    return { path, message: `${path === '' ? '' : `${path}: `}unknown key ${keys}`, reason: reason('unknown-keys', { keys }) };
  }
  const found = issue.input === undefined && path !== '' ? reason('required') : (reasonOfProblem(issue) ?? reasonOfText(issue.message));
  const phrase = found === undefined ? (/^(?:must|is) /.test(issue.message) ? issue.message : undefined) : say(found);
  if (phrase === undefined) return { path, message: path === '' ? issue.message : `'${path}': ${issue.message}`, reason: undefined };
  return { path, message: path === '' ? `it ${phrase}` : `'${path}' ${phrase}`, reason: found };
}

/**
 * Returns the issues of the one branch of a union that a value is meant for: its type matches that branch, but something in it is
 * invalid.
 */
function inside(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.filter((form) => form.length > 0 && form.every(({ path }) => path.length > 0));
  if (meant.length !== 1) return [issue];
  return (meant[0] ?? []).flatMap((one) => inside({ ...one, path: [...issue.path, ...one.path] }));
}

/** Returns a copy without the fields that the issues name. */
function withoutFields(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = structuredClone(value);
  for (const { path } of issues) {
    const place = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], copy);
    if (isFields(place)) delete place[String(path.at(-1))];
  }
  return copy;
}

function refusal(issues: readonly z.core.$ZodIssue[], where: string): GatewayError {
  const described = issues.slice(0, MAX_ISSUES).map(describe);
  return new GatewayError('INVALID_REQUEST', {
    message: `Invalid ${where}: ${described.map((issue) => issue.message).join('; ')}.`,
    details: { issues: described.map(({ reason: found, ...issue }) => ({ ...issue, ...found })) },
  });
}

/**
 * Returns the checked value.
 * @param where  the checked part, for the message: `body`, `query`, `'key' in the path`, the name of a header
 * @throws INVALID_REQUEST with `details.issues: {path, message, code?, values?}[]`
 */
export function validate<Output>(schema: Schema<Output>, value: unknown, where: string): Output {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw refusal(result.error.issues.flatMap(inside), where);
}

/**
 * Like {@link validate}, but an optional field may also be null, because programs in many languages send unset fields as null.
 * A null that the schema allows is kept.
 */
export function validateWithNulls<Output>(schema: Schema<Output>, value: unknown, where: string): Output {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap(inside);
  const nulls = issues.filter(({ input }) => input === null);
  const set = nulls.length === 0 ? undefined : schema.safeParse(withoutFields(value, nulls));
  if (set?.success === true) return set.data;
  throw refusal(issues, where);
}
