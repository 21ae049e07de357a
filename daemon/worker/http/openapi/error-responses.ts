/** Derives how an operation can fail, i.e. its statuses and codes, from its route's declaration. */
import type { JsonSchema } from '../../../../shared/api/json-schema.js';
import { type ErrorCode, ERRORS, GatewayError } from '../../../../shared/errors.js';
import { pathKind } from '../admission/paths.js';
import { anthropicError } from '../anthropic/error.js';
import { dialectOf, REASONS } from '../dialects.js';
import { openAiError, REQUEST_CODES } from '../openai/error.js';
import type { Route } from '../route.js';
import type { Answered, Reference } from './document.js';
import { MEANINGS } from './meanings.js';

type Dialect = 'own' | 'openai' | 'anthropic' | 'mcp';

/** One kind of failure in the terms of a dialect. `name`: the code, or Anthropic's type. */
interface Failure {
  readonly status: number;
  readonly name: string;
  readonly code: ErrorCode;
}

/** Returns the codes with which a route fails; a caller may meet the first five on every path. */
export function errorCodesOf({ path, facts }: Route): ErrorCode[] {
  const { scope, body, upload, headers = {}, errors = [], authorize } = facts;
  const isPublic = scope === 'public' && authorize === undefined;
  const codes: ErrorCode[] = ['INVALID_REQUEST', 'FORBIDDEN', 'RATE_LIMITED', 'INTERNAL_ERROR', 'UNAVAILABLE'];
  if (pathKind(path) !== 'health') codes.push('UNAUTHORIZED');
  if (!isPublic) codes.push('STORE_UNAVAILABLE');
  if (body !== undefined || upload !== undefined) codes.push('PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE');
  if ('Idempotency-Key' in headers) codes.push('CONFLICT');
  if ('If-Match' in headers) codes.push('PRECONDITION_FAILED');
  return [...new Set([...codes, ...errors])];
}

/** In the vendor APIs, the status of a provider's failure depends on its reason. */
function failuresOf(code: ErrorCode, dialect: Dialect): Failure[] {
  if (dialect === 'own' || dialect === 'mcp') return [{ status: ERRORS[code].status, name: code, code }];
  const reasons = code === 'AGENT_ERROR' ? [undefined, ...REASONS] : [undefined];
  const own = code === 'INVALID_REQUEST' && dialect === 'openai' ? REQUEST_CODES : [];
  return [...reasons.map((reason) => ({ reason })), ...own.map((openAiCode) => ({ openAiCode }))].map((details) => {
    const error = new GatewayError(code, { message: '', details });
    const told = dialect === 'anthropic' ? anthropicError(error, '') : openAiError(error, '');
    return { status: told.status, name: 'code' in told.body.error ? told.body.error.code : told.body.error.type, code };
  });
}

const SCHEMAS = { own: 'Error', openai: 'OpenAiError', anthropic: 'AnthropicError', mcp: 'McpError' } as const;

/** Returns the schema of the dialect's errors, restricted to these names. */
function schemaOf(dialect: Dialect, names: readonly string[]): JsonSchema {
  // The protocol's SDK refuses with the same statuses, but without our codes.
  if (dialect === 'mcp') return { $ref: `#/components/schemas/${SCHEMAS.mcp}` };
  const field = dialect === 'anthropic' ? 'type' : 'code';
  const error = { type: 'object', properties: { [field]: { type: 'string', enum: names } }, required: [field] };
  return {
    allOf: [{ $ref: `#/components/schemas/${SCHEMAS[dialect]}` }, { type: 'object', properties: { error }, required: ['error'] }],
  };
}

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds until a repetition may succeed', schema: { type: 'integer', minimum: 1 } },
} as const;

function responseOf(dialect: Dialect, status: number, failures: readonly Failure[]): Answered {
  const names = [...new Set(failures.map(({ name }) => name))];
  const meanings = [...new Set(failures.map(({ name, code }) => `\`${name}\`: ${MEANINGS[code] ?? code}`))];
  return {
    description: meanings.join('\n\n'),
    ...(status === 429 || status === 503 || status === 529 ? { headers: RETRY_AFTER } : {}),
    content: { 'application/json': { schema: schemaOf(dialect, names) } },
  };
}

/** Collects the responses of all operations, each once. */
export class ErrorResponses {
  readonly #components: Record<string, Answered> = {};

  get components(): Readonly<Record<string, Answered>> {
    return this.#components;
  }

  /** Returns the responses of a route by status. */
  of(route: Route): Record<string, Reference> {
    const dialect = dialectOf(route.path) ?? 'own';
    const byStatus = new Map<number, Failure[]>();
    for (const failure of errorCodesOf(route).flatMap((code) => failuresOf(code, dialect)))
      byStatus.set(failure.status, [...(byStatus.get(failure.status) ?? []), failure]);
    return Object.fromEntries([...byStatus].map(([status, failures]) => [status, this.#reference(dialect, status, failures)] as const));
  }

  #reference(dialect: Dialect, status: number, failures: readonly Failure[]): Reference {
    const codes = [...new Set(failures.map(({ code }) => code))].toSorted();
    const name = [...(dialect === 'own' ? [] : [dialect, status]), ...codes].join('-');
    this.#components[name] ??= responseOf(dialect, status, failures);
    return { $ref: `#/components/responses/${name}` };
  }
}
