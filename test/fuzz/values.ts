/** Values that a JSON Schema allows, mixed with values that it does not. */
import fc from 'fast-check';

type Json = Record<string, unknown>;

const ODD_TEXTS = [
  '', ' ', '0', '-1', '1e999', 'null', 'true', '__proto__', 'constructor', 'prototype', 'toString', '../../etc/passwd', '${HOME}', '${', '%00',
  'a\u0000b', '\uD800', '\uDC00x', '\uFEFF', '\u202Eabc', '\u0085', '\u2028', '🏳️‍🌈', 'é', '<script>', "'; DROP TABLE messages;--", '****',
  'x'.repeat(3_000), '١٢', '2026-02-30T00:00:00Z', '9999999999999999999', '+1', '1_000', 'main', 'webchat',
]; // prettier-ignore
const ODD_NUMBERS = [0, -0, -1, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 63, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, 8.64e15 + 1];

/** A text that is odd somewhere. */
export const oddText = (): fc.Arbitrary<string> =>
  fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ maxLength: 20 }));

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

/** Any JSON value, with the ones that break programs. */
export const oddValue = (): fc.Arbitrary<unknown> =>
  fc.oneof(
    oddText(),
    fc.constantFrom<unknown>(null, true, false, [], {}, [null], [[]], nested(100), { $secret: true }, ['a', 'a'], ...ODD_NUMBERS),
    fc.jsonValue({ maxDepth: 2 }),
    fc.dictionary(oddText(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3, noNullPrototype: true }),
  );

export interface ValueOptions {
  /** Texts that mean something to the program, such as ids that exist. */
  readonly known: readonly string[];
  /** Values that suit a field or parameter of that name, and are taken most of the time. */
  readonly named?: Readonly<Record<string, readonly unknown[]>>;
  /** How much rarer an odd value is than a legal one, at each place. 0: none is odd. */
  readonly legalPerOdd: number;
}

const FORMATS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'date-time': fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') }).map((date) => date.toISOString()),
  uri: fc.constantFrom('http://127.0.0.1:9', 'https://127.0.0.1:9/v1'),
  base64: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('base64')),
};

function textOf({ pattern, format, minLength = 0, maxLength }: Json, { known }: ValueOptions): fc.Arbitrary<string> {
  const fixed = typeof format === 'string' ? FORMATS[format] : undefined;
  if (fixed !== undefined) return fixed;
  const limits = { minLength: minLength as number, maxLength: Math.min((maxLength as number | undefined) ?? 40, 40) };
  const plain = fc.oneof(fc.string(limits), fc.string({ ...limits, unit: 'grapheme' }), fc.constantFrom(...known));
  if (typeof pattern !== 'string' || pattern === '^\\P{Cc}*$') return plain;
  return fc.oneof(fc.stringMatching(new RegExp(pattern)), plain);
}

function numberOf({ type, minimum, maximum }: Json): fc.Arbitrary<number> {
  const range = { min: (minimum as number | undefined) ?? -1_000, max: (maximum as number | undefined) ?? 2_000_000_000 };
  const ends = fc.constantFrom(range.min, range.max);
  return fc.oneof(ends, type === 'integer' ? fc.integer(clamp(range)) : fc.double({ ...range, noNaN: true }));
}

const clamp = ({ min, max }: { min: number; max: number }) => ({ min: Math.max(min, -(2 ** 31)), max: Math.min(max, 2 ** 31 - 1) });

/** The value of a field or parameter. */
export function namedValue(name: string, schema: unknown, options: ValueOptions): fc.Arbitrary<unknown> {
  const named = options.named?.[name];
  const value = valueOf(schema, options);
  return named === undefined ? value : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...named) }, { weight: 1, arbitrary: value });
}

function objectOf(schema: Json, options: ValueOptions): fc.Arbitrary<unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, Json>;
  const required = (schema['required'] ?? []) as string[];
  const fields = Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, namedValue(name, field, options)]));
  const legal = fc.record(fields, { requiredKeys: required, noNullPrototype: true });
  const others = schema['additionalProperties'];
  const isOpen = others !== false && (others !== undefined || Object.keys(properties).length === 0);
  const more = isOpen
    ? fc.dictionary(fc.oneof(fc.string({ minLength: 1, maxLength: 10 }), fc.constantFrom(...options.known)), valueOf(others, options), {
        maxKeys: 3,
        noNullPrototype: true,
      })
    : fc.constant({});
  const whole = fc.tuple(legal, more).map(([own, extra]) => ({ ...extra, ...own }));
  if (options.legalPerOdd === 0) return whole;
  const odd = fc.oneof(
    fc.record(fields, { requiredKeys: [], noNullPrototype: true }),
    fc.tuple(legal, oddText(), oddValue()).map(([own, key, value]) => ({ ...own, [key]: value })),
  );
  return fc.oneof({ weight: options.legalPerOdd, arbitrary: whole }, { weight: 1, arbitrary: odd });
}

function legalOf(schema: Json, options: ValueOptions): fc.Arbitrary<unknown> {
  const choices = (schema['anyOf'] ?? schema['oneOf']) as Json[] | undefined;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => valueOf(choice, options)));
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  switch (schema['type']) {
    case 'string':
      return textOf(schema, options);
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valueOf(schema['items'], options), {
        minLength: (schema['minItems'] as number | undefined) ?? 0,
        maxLength: Math.min((schema['maxItems'] as number | undefined) ?? 4, 4),
      });
    case 'object':
      return objectOf(schema, options);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** @param schema  JSON Schema as the OpenAPI document has it; anything else allows any value */
export function valueOf(schema: unknown, options: ValueOptions): fc.Arbitrary<unknown> {
  const legal = typeof schema === 'object' && schema !== null ? legalOf(schema as Json, options) : fc.jsonValue({ maxDepth: 2 });
  if (options.legalPerOdd === 0) return legal;
  return fc.oneof({ weight: options.legalPerOdd, arbitrary: legal }, { weight: 1, arbitrary: oddValue() });
}
