/**
 * What the API says about wrong input, from the schemas that it publishes: wrong types, missing fields, unknown keys, bad JSON, wrong values
 * of queries and paths, bad schedules and time zones. Every refusal is in words of the API, never in those of a library.
 */
import { expect, test } from 'vitest';
import type { OpenApiDocument, Operation } from '../../daemon/worker/http/openapi/document.js';
import type { JsonSchema } from '../../shared/api/json-schema.js';
import { RealGateway } from '../helpers/real-gateway.js';

/** Words of zod, JSON.parse, croner, V8, ICU, kysely, SQLite and path-to-regexp. */
const FOREIGN = new RegExp(
  [
    'nonoptional|zod|invalid_(?:type|union|value|format)|Invalid (?:input|option|string|type|key|element|discriminator|ISO|UUID|URL)',
    'Too (?:big|small)|Unrecognized key|[Ee]xpected .*received|\\breceived\\b|safe integer range',
    'Unexpected (?:token|end|non-whitespace|number|string)|in JSON at|JSON input|JSON\\.parse|after property|double-quoted|Bad control character',
    'space separated|croner|CronPattern|CronDate|five, six|Invalid value for|out of range|Syntax error',
    'Invalid time (?:zone|value)|RangeError|TypeError|SyntaxError|is not a function|is not iterable|Cannot (?:read|convert|destructure)|of undefined',
    '\\[object|undefined|\\bNaN\\b|SQLITE|no such column|kysely|URI malformed|Invalid regular expression|ECONN|ENOENT',
  ].join('|'),
);

const WRONG: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  2 ** 60,
  1e300,
  '',
  'no-such-thing',
  'a\u0007b',
  'x'.repeat(70_000),
  [],
  [null],
  [7],
  [{}],
  {},
  { q: 1 },
];

const BAD_JSON = [
  '{',
  '{"a":',
  '{"a":1,}',
  "{'a':1}",
  'nope',
  '{"a":"\n"}',
  '"x"',
  '7',
  'null',
  'true',
  '[1]',
  '',
  '{"__proto__":{}}',
  '{}{}',
  '\uFEFF{',
];

const BAD_SCHEDULES = [
  '* * * *|* * * * * * *|61 * * * *|* 25 * * *|* * 32 * *|* * * 13 *|* * * * 9|* * * FOO *|*/0 * * * *|5-1 * * * *',
  '1-2-3 * * * *|*/x * * * *|, * * * *|1,,2 * * * *|* * L-40 * *|* * * * MON#7|* * * * 1#|@never|@|every|every 0s',
  'every x|every 999999999w|at|at noon|at 2020-01-01|at 2026-02-30T10:00|at 2026-01-01T99:00|2026-13-01|0 0 30 2 *',
  ' |%%%%%|-1 * * * *|1.5 * * * *|0 0 31 2,4 *',
].flatMap((line) => line.split('|'));

const BAD_ZONES = ['Mars/Olympus', 'utc+99', '+25:00', 'Europe', 'Europe/', '/', 'a b', '%', 'GMT+100', 'systemd'];

type Body = string | undefined;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: Body;
}

type Schema = JsonSchema & {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
};

/** Returns a value that the schema accepts, as far as a schema says. */
function sample(schema: Schema | undefined): unknown {
  if (schema === undefined) return 'x';
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const branch = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  if (branch !== undefined) return sample(branch);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries((schema.required ?? []).map((name) => [name, sample(schema.properties?.[name])]));
    case 'array':
      return schema.items === undefined ? [] : [sample(schema.items)];
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return false;
    case 'null':
      return null;
    default:
      return 'x';
  }
}

const branchesOf = (schema: Schema): readonly Schema[] => schema.anyOf ?? schema.oneOf ?? [schema];

/** Returns wrong values in the place of `schema`: in it as a whole, and in each of its fields and items. */
function wrongOnes(schema: Schema, depth = 0): unknown[] {
  const found: unknown[] = [...WRONG];
  if (depth > 3) return found;
  for (const branch of branchesOf(schema)) {
    const right = sample(branch);
    if (branch.type === 'array' && branch.items !== undefined) found.push(...wrongOnes(branch.items, depth + 1).map((item) => [item]));
    if (branch.type !== 'object' || typeof right !== 'object') continue;
    found.push({ ...right, 'no-such-key': 1 });
    for (const [name, field] of Object.entries(branch.properties ?? {})) {
      const { [name]: _left, ...without } = right as Record<string, unknown>;
      found.push(without, ...wrongOnes(field, depth + 1).map((value) => ({ ...without, [name]: value })));
    }
  }
  return found;
}

const fill = (path: string, value: string): string => path.replaceAll(/\{\w+\}/g, encodeURIComponent(value));

function* callsOf(method: string, template: string, operation: Operation): Generator<Call> {
  const schema = operation.requestBody?.content['application/json']?.schema as Schema | undefined;
  const path = fill(template, 'x');
  if (schema !== undefined) {
    for (const body of BAD_JSON) yield { method, path, body };
    for (const value of wrongOnes(schema)) yield { method, path, body: JSON.stringify(value) };
  } else if (method !== 'GET') yield { method, path, body: '{}' };
  for (const { name, in: place } of operation.parameters) {
    if (place === 'query')
      for (const value of WRONG) yield { method, path: `${path}?${name}=${encodeURIComponent(JSON.stringify(value).slice(0, 2_000))}` };
    if (place === 'query') yield { method, path: `${path}?${name}=1&${name}=2` };
    if (place === 'path')
      for (const value of ['%00', '%', '%ff', '%E0%A4%A', 'x'.repeat(600), '..', 'a%0Ab'])
        yield { method, path: template.replaceAll(/\{\w+\}/g, value) };
  }
}

/** Streams, and what answers with them. */
const ENDLESS = /^\/api\/(?:events|logs\/follow)$/;

interface Reply {
  readonly status: number;
  /** Of a refusal. */
  readonly text: string;
}

type Ask = (call: Call) => Promise<Reply>;

async function start(): Promise<{ ask: Ask; document: OpenApiDocument }> {
  const gateway = await RealGateway.start();
  const token = (await gateway.xopc('gateway', 'token', '--show')).stdout.trim();
  const ask: Ask = async ({ method, path, body }) => {
    const headers = { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) };
    const response = await fetch(`${gateway.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    if (response.status >= 400) return { status: response.status, text: await response.text() };
    await response.body?.cancel();
    return { status: response.status, text: '' };
  };
  return { ask, document: (await (await fetch(`${gateway.url}/openapi.json`)).json()) as OpenApiDocument };
}

/** Returns what is wrong with a refusal; undefined for a good one, and for an accepted request. An error of the gateway itself is none. */
function judge(call: Call, { status, text }: Reply): string | undefined {
  if (status < 400) return undefined;
  const { error } = JSON.parse(text) as { error: { message: string; details?: unknown } };
  const { body = '' } = call;
  const words = `${error.message} ${JSON.stringify(error.details ?? '')}`;
  const isForeign = FOREIGN.test(words);
  if (!isForeign && status !== 500) return undefined;
  return `${call.method} ${call.path.slice(0, 120)} ${body.slice(0, 160)} → ${status} ${words.slice(0, 300)}`;
}

/** Asks in eights. */
async function sweep(ask: Ask, calls: readonly Call[]): Promise<{ refused: number; bad: string[] }> {
  const bad: string[] = [];
  let refused = 0;
  for (let at = 0; at < calls.length; at += 8) {
    const slice = calls.slice(at, at + 8);
    const answers = await Promise.all(slice.map(ask));
    answers.forEach((answer, index) => {
      const problem = judge(slice[index] as Call, answer);
      if (answer.status >= 400) refused += 1;
      if (problem !== undefined) bad.push(problem);
    });
  }
  return { refused, bad };
}

test('every refusal of a wrong input is in words of the API', { tags: ['long'], timeout: 300_000 }, async () => {
  const { ask, document } = await start();
  const calls = Object.entries(document.paths)
    .filter(([template]) => !ENDLESS.test(template))
    .flatMap(([template, operations]) =>
      Object.entries(operations).flatMap(([method, operation]) => [...callsOf(method.toUpperCase(), template, operation)]),
    );
  const { refused, bad } = await sweep(ask, [...new Map(calls.map((call) => [JSON.stringify(call), call])).values()]);
  expect(bad).toEqual([]);
  expect(refused).toBeGreaterThan(3_000);
});

test('a bad schedule or time zone is refused in words of the API', async () => {
  const { ask } = await start();
  const job = { message: 'x', channel: 'webchat', chat_id: 'me' };
  const inputs = [
    ...BAD_SCHEDULES.map((schedule) => ({ schedule })),
    ...BAD_ZONES.map((timezone) => ({ schedule: '0 9 * * *', timezone })),
  ];
  const created = await sweep(
    ask,
    inputs.map((input) => ({ method: 'POST', path: '/api/cron/create', body: JSON.stringify({ ...job, ...input }) })),
  );
  expect(created).toEqual({ refused: inputs.length, bad: [] });
  const previewed = inputs.map((input) => ({ method: 'GET', path: `/api/cron/preview?${new URLSearchParams(input).toString()}` }));
  expect((await sweep(ask, previewed)).bad).toEqual([]);
});
