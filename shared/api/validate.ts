/** Checks input from outside against its schema. Errors name the field in the API's terms. */
import type { z } from 'zod';
import { GatewayError } from '../errors.js';

/** A schema for {@link validate}. */
export type Schema<Output> = z.ZodType<Output>;

const MAX_ISSUES = 20;

function pathOf(issue: z.core.$ZodIssue): string {
  return issue.path.map(String).join('.');
}

/** Human-readable names of JSON types. */
const NOUNS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  undefined: 'nothing',
  nan: 'not a number',
  date: 'a date',
};

const nounOf = (type: string): string => NOUNS[type] ?? 'a different value';

/** Default messages of zod. Messages that a schema defines itself are kept. */
const LIBRARY = /^(?:Invalid|Too|Unrecognized|Expected) /;

function describeType(issue: z.core.$ZodIssueInvalidType): string {
  const received = /received (\S+)$/.exec(issue.message)?.[1] ?? 'something else';
  return `is ${received === 'boolean' ? 'true or false' : nounOf(received)}; it must be ${nounOf(issue.expected)}`;
}

function describeSize({ origin }: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall, limit: string, isTooBig: boolean): string {
  const things = origin === 'string' ? 'characters' : 'entries';
  if (origin === 'string' || origin === 'array') {
    if (!isTooBig && limit === '1') return 'is empty';
    return isTooBig ? `has more than ${limit} ${things}` : `has fewer than ${limit} ${things}`;
  }
  return `must be ${isTooBig ? 'at most' : 'at least'} ${limit}`;
}

/** Describes the issue as a phrase that follows the field name. Returns undefined for messages defined by the schema. */
function describeProblem(issue: z.core.$ZodIssue): string | undefined {
  if (!LIBRARY.test(issue.message)) return undefined;
  switch (issue.code) {
    case 'invalid_type':
      return describeType(issue);
    case 'too_big':
      return describeSize(issue, String(issue.maximum), true);
    case 'too_small':
      return describeSize(issue, String(issue.minimum), false);
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'invalid_union': {
      const expected = /Expected (.+)$/.exec(issue.message)?.[1];
      return expected === undefined
        ? 'matches none of the allowed forms'
        : `must be one of ${expected.replaceAll(' | ', ', ').replaceAll("'", '"')}`;
    }
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return `is not a valid ${FORMATS[issue.format] ?? 'value'}`;
    case 'invalid_key':
      return 'has an invalid key';
    default:
      return 'has an invalid value';
  }
}

/** Human-readable names of text formats. */
const FORMATS: Readonly<Record<string, string>> = { datetime: 'time', date: 'date', url: 'URL', email: 'e-mail address' };

function describe(issue: z.core.$ZodIssue): string {
  const path = pathOf(issue);
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.slice(0, MAX_ISSUES).map((key) => `'${key.slice(0, 80)}'`);
    return `${path === '' ? '' : `${path}: `}unknown key ${keys.join(', ')}`;
  }
  if (issue.input === undefined && path !== '') return `'${path}' is required`;
  const problem = describeProblem(issue) ?? (/^(?:must|is) /.test(issue.message) ? issue.message : undefined);
  if (problem !== undefined) return path === '' ? `it ${problem}` : `'${path}' ${problem}`;
  return path === '' ? issue.message : `'${path}': ${issue.message}`;
}

/**
 * Returns the checked value.
 * @param where  what is checked, for the message: `body`, `query`, the name of a header
 * @throws INVALID_REQUEST with `details.issues: {path, message}[]`
 */
export function validate<Output>(schema: Schema<Output>, value: unknown, where: string): Output {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, MAX_ISSUES).map((issue) => ({ path: pathOf(issue), message: describe(issue) }));
  throw new GatewayError('INVALID_REQUEST', {
    message: `Invalid ${where}: ${issues.map((issue) => issue.message).join('; ')}.`,
    details: { issues },
  });
}
