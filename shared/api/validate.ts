/** Input from outside against its schema, and what is wrong in words that name the field. */
import type { z } from 'zod';
import { GatewayError } from '../errors.js';

/** A schema as its users see it: they check with {@link validate} and know nothing else of the library. */
export type Schema<Output> = z.ZodType<Output>;

const MAX_ISSUES = 20;

function pathOf(issue: z.core.$ZodIssue): string {
  return issue.path.map(String).join('.');
}

/** What the schemas' library calls a type, as people do. */
const NOUNS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const nounOf = (type: string): string => NOUNS[type] ?? `a ${type}`;

/** Schemas with words of their own are left alone: this is for those of the library. */
const LIBRARY = /^(?:Invalid|Too) /;

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

/** What is wrong, as it follows the field's name. */
function wordsOf(issue: z.core.$ZodIssue): string | undefined {
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
        ? 'is none of the forms that it may have'
        : `must be one of ${expected.replaceAll(' | ', ', ').replaceAll("'", '"')}`;
    }
    default:
      return undefined;
  }
}

function describe(issue: z.core.$ZodIssue): string {
  const path = pathOf(issue);
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.slice(0, MAX_ISSUES).map((key) => `'${key.slice(0, 80)}'`);
    return `${path === '' ? '' : `${path}: `}unknown key ${keys.join(', ')}`;
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return `'${path}' is missing (${nounOf(issue.expected)})`;
  const words = wordsOf(issue);
  if (words !== undefined) return path === '' ? `it ${words}` : `'${path}' ${words}`;
  return path === '' ? issue.message : `'${path}': ${issue.message}`;
}

/**
 * @param where  what is checked, for the message: `body`, `query`, a header's name.
 * @throws INVALID_REQUEST with `details.issues: {path, message}[]`
 */
export function validate<Output>(schema: Schema<Output>, value: unknown, where: string): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, MAX_ISSUES).map((issue) => ({ path: pathOf(issue), message: describe(issue) }));
  throw new GatewayError('INVALID_REQUEST', {
    message: `The ${where} is not right: ${issues.map((issue) => issue.message).join('; ')}.`,
    details: { issues },
  });
}
