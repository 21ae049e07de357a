/** Input from outside against its schema, and what is wrong in words that name the field. */
import type { z } from 'zod';
import { GatewayError } from '../errors.js';

/** A schema as its users see it: they check with {@link validate} and know nothing else of the library. */
export type Schema<Output> = z.ZodType<Output>;

const MAX_ISSUES = 20;

function pathOf(issue: z.core.$ZodIssue): string {
  return issue.path.map(String).join('.');
}

function describe(issue: z.core.$ZodIssue): string {
  const path = pathOf(issue);
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.slice(0, MAX_ISSUES).map((key) => `'${key.slice(0, 80)}'`);
    return `${path === '' ? '' : `${path}: `}unknown key ${keys.join(', ')}`;
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return `'${path}' is missing (a ${issue.expected})`;
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
