/** Errors as log fields: type, code, message, stack, details, and the whole cause chain; bounded, and never throwing. */

const MAX_DEPTH = 6;
const MAX_ERRORS = 8;
const MAX_TEXT = 16_384;

const cut = (text: string): string => (text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`);

function isErrorLike(value: unknown): value is { readonly message: unknown } & Record<string, unknown> {
  return value instanceof Error || (typeof value === 'object' && value !== null && 'message' in value && 'stack' in value);
}

function ownFields(error: Record<string, unknown>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (key === 'message' || key === 'stack' || key === 'name' || key === 'cause' || key === 'errors') continue;
    const value = error[key];
    if (value !== undefined && typeof value !== 'function') fields[key] = value;
  }
  return fields;
}

function serialize(value: unknown, depth: number): unknown {
  if (!isErrorLike(value)) return value;
  const error: Record<string, unknown> & { readonly message: unknown } = value;
  const document: Record<string, unknown> = { ...ownFields(error) };
  document['type'] = typeof error['name'] === 'string' ? error['name'] : 'Error';
  document['message'] = cut(String(error.message));
  if (typeof error['stack'] === 'string') document['stack'] = cut(error['stack']);
  if (depth >= MAX_DEPTH) return document;
  if (error['cause'] !== undefined) document['cause'] = serialize(error['cause'], depth + 1);
  if (Array.isArray(error['errors'])) document['errors'] = error['errors'].slice(0, MAX_ERRORS).map((item) => serialize(item, depth + 1));
  return document;
}

/** An error as a plain object for the log; any other value as it is. A cause that leads back to itself ends at a fixed depth. */
export function serializeError(value: unknown): unknown {
  try {
    return serialize(value, 0);
  } catch (failure) {
    return { type: 'Error', message: `an error that cannot be read: ${String(failure)}` };
  }
}
