import { expect, test } from 'vitest';
import { draftsFor, draftsOf, fieldsOf, fill } from '../../../../../webui/src/views/tools/try-out/schema-fields.js';

const schema = {
  type: 'object',
  required: ['path', 'depth'],
  properties: {
    limit: { anyOf: [{ type: 'integer' }, { type: 'null' }], default: 5, description: 'How many' },
    path: { type: 'string' },
    depth: { type: ['number', 'null'] },
    mode: { enum: ['fast', 2] },
    deep: { type: 'boolean' },
    names: { type: 'array', items: { type: 'string' }, default: ['a', 'b'] },
    sizes: { type: 'array', items: { type: 'integer' } },
    filter: { type: 'object', properties: { a: {} } },
    ['__proto__']: { type: 'string' },
  },
};
const fields = fieldsOf(schema) ?? [];

test('a field is made of each property, those that are required first', () => {
  expect(fields.map(({ name, kind, isRequired }) => `${name} ${kind}${isRequired ? ' required' : ''}`)).toEqual([
    'path text required',
    'depth number required',
    'limit integer',
    'mode choice',
    'deep choice',
    'names list',
    'sizes list',
    'filter json',
    '__proto__ text',
  ]);
  expect(fields.find(({ name }) => name === 'limit')).toMatchObject({ description: 'How many', initial: '5' });
  expect(fields.find(({ name }) => name === 'mode')?.choices).toEqual(['"fast"', '2']);
});

test('texts of the fields become arguments of their types, and what has none is left out', () => {
  const drafts = new Map([
    ...draftsOf(fields),
    ...Object.entries({ depth: ' 1.5 ', mode: '2', deep: 'false', sizes: '1\n\n2', filter: '{"a":1}' }),
    ['__proto__', 'own'] as const,
  ]);
  const { values, faults } = fill(fields, drafts);
  expect([...faults]).toEqual([]);
  expect(JSON.stringify(values)).toBe(
    '{"path":"","depth":1.5,"limit":5,"mode":2,"deep":false,"names":["a","b"],"sizes":[1,2],"filter":{"a":1},"__proto__":"own"}',
  );
  const wrong = fill(fields, new Map(Object.entries({ limit: '1.5', sizes: 'x', filter: '{' })));
  expect(Object.fromEntries(wrong.faults)).toEqual({ depth: 'required', limit: 'notInteger', sizes: 'notNumber', filter: 'notJson' });
});

test('arguments that were edited as JSON are shown by the form exactly as they are, or not at all', () => {
  const shown = JSON.parse(
    '{"path":"a\\nb","depth":1.5,"mode":2,"deep":false,"names":["a"," b"],"sizes":[1],"filter":{"a":1},"__proto__":"own"}',
  ) as Record<string, unknown>;
  const drafts = draftsFor(fields, shown);
  // Without a value, a default is not in force.
  expect(drafts?.get('limit')).toBe('');
  expect(fill(fields, drafts ?? new Map()).values).toEqual(shown);
  expect(draftsFor(fields, {})).toEqual(new Map(fields.map(({ name }) => [name, ''])));
  const odd = { path: 5, mode: 'slow', names: ['a', ''], sizes: ['1'], limit: null, other: 1 };
  for (const [name, value] of Object.entries(odd)) expect(draftsFor(fields, { [name]: value }), name).toBeUndefined();
});

test('whatever a server sends as a schema has a form or is edited as JSON', () => {
  for (const odd of [null, 1, 'x', [], { type: 'array' }, { properties: [] }]) expect(fieldsOf(odd)).toBeUndefined();
  expect(fieldsOf({})).toEqual([]);
  const odd = fieldsOf({
    properties: { a: true, b: null, c: { type: 7, enum: 'x', items: 3 }, d: { type: 'array', items: true } },
    required: 1,
  });
  expect(odd?.map(({ kind }) => kind)).toEqual(['json', 'json', 'json', 'json']);
});
