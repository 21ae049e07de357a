/** Requests made from the document that the API gives of itself. */
import fc from 'fast-check';
import type { Operation } from '../../daemon/worker/http/openapi/document.js';
import { TOKEN } from '../helpers/http-app.js';
import { describeRoutes } from '../../daemon/worker/http/openapi/describe-routes.js';
import { NAMED, namesFor } from './named-values.js';
import { namedValue, oddText, oddValue, valueOf } from './values.js';

/** One request, as it goes out. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
}

export interface ApiOperation {
  readonly method: string;
  readonly template: string;
  readonly operation: Operation;
}

/** Lists every operation that the API describes. */
export function listOperations(): ApiOperation[] {
  const { paths } = describeRoutes('1.2.3');
  return Object.entries(paths).flatMap(([template, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), template, operation })),
  );
}

/** Of the webhook account. */
export const INBOUND_TOKEN = 'inbound-token-of-the-test';
const known: readonly string[] = ['SESSION-KEY', 'JOB-ID', 'MESSAGE-ID', 'main', 'webhook', 'default', 'chat', 'fake', 'fake/one', 'one'];

/** Stand for what exists when a request is sent. */
export const PLACES = [
  'SESSION-KEY',
  'JOB-ID',
  'CHAT-MESSAGE-ID',
  'MESSAGE-ID',
  'ATTACHMENT-ID',
  'VERSION-ID',
  'REVISION',
  'RESPONSE-ID',
  'CONVERSATION-ID',
  'ITEM-ID',
] as const;
export type Places = Readonly<Record<(typeof PLACES)[number], string>>;

/** Returns the request with what exists in its places. */
export function fillPlaces({ method, path, headers, body }: Asked, places: Places): Asked {
  const fill = (text: string, encode = (value: string) => value): string =>
    PLACES.reduce((filled, place) => filled.replaceAll(place, encode(places[place])), text);
  return {
    method,
    path: fill(path, encodeURIComponent),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)])),
    body: typeof body === 'string' ? fill(body) : body,
  };
}

const pathText = (value: unknown): string => encodeURIComponent((typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed());

/** Parts of a path as no client library writes them. */
const ODD_PARTS = ['%', '%ff', '%00', '%2F', '..', '%2e%2e', '.', '%ed%a0%80', ';', ':', '@', '*', '%25', '%0a', '~', '[', '|'];

function pathOf(template: string, operation: Operation): fc.Arbitrary<string> {
  const options = { known, named: namesFor(template), legalPerOdd: 20 };
  const value = (name: string): fc.Arbitrary<string> => {
    const schema = operation.parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)?.schema;
    return fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(...known).map(pathText) },
      { weight: 18, arbitrary: namedValue(name, schema, options).map((one) => pathText(one)) },
      { weight: 1, arbitrary: fc.constantFrom(...ODD_PARTS) },
    );
  };
  const parts = template.split('/').map((part) => (/^\{\w+\}$/.test(part) ? value(part.slice(1, -1)) : fc.constant(part)));
  return fc.tuple(...parts).map((texts) => texts.join('/'));
}

function queryOf(operation: Operation): fc.Arbitrary<string> {
  const parameters = operation.parameters.filter((parameter) => parameter.in === 'query');
  const pair = ({ name, schema }: (typeof parameters)[number]): fc.Arbitrary<string> =>
    namedValue(name, schema, { known, named: NAMED, legalPerOdd: 8 }).map((value) => `${name}=${pathText(value)}`);
  const extra = fc.oneof(
    { weight: 30, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: oddText().map((text) => `${pathText(text)}=1`) },
  );
  const raw = fc.oneof(
    { weight: 30, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_PARTS, '&&', '=', 'a=%', '?') },
  );
  const optional = parameters.map((parameter) => fc.oneof(fc.constant(''), pair(parameter)));
  return fc.tuple(...optional, extra, raw).map((texts) => {
    const text = texts.filter((one) => one !== '').join('&');
    return text === '' ? '' : `?${text}`;
  });
}

const headerText = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.stringMatching(/^[\x21-\x7e]{1,40}$/),
    oddText().map((text) =>
      Buffer.from(text)
        .toString('latin1')
        .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?'),
    ),
  );

function headersOf(operation: Operation): fc.Arbitrary<Record<string, string>> {
  const names = operation.parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
  const value = (name: string): fc.Arbitrary<string> =>
    fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...((NAMED[name] ?? ['text']) as string[])) }, { weight: 1, arbitrary: headerText() });
  const given = names.map((name) =>
    fc.oneof(
      fc.constant({}),
      value(name).map((text) => ({ [name]: text })),
    ),
  );
  const declared = fc.tuple(...given).map((headers): Record<string, string> => Object.assign({}, ...headers) as Record<string, string>);
  const others = [
    'Accept',
    'Accept-Language',
    'Origin',
    'X-Request-Id',
    'traceparent',
    'Range',
    'If-None-Match',
    'Cookie',
    'X-Forwarded-For',
  ];
  const odd = fc.dictionary(fc.constantFrom(...others), headerText(), { maxKeys: 2, noNullPrototype: true });
  return fc
    .tuple(declared, fc.oneof({ weight: 8, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: odd }))
    .map(([a, b]) => ({ ...a, ...b }));
}

type Body = Pick<Asked, 'body'> & { readonly type?: string };

/** What is not the JSON that was asked for. */
function oddBody(types: readonly string[]): fc.Arbitrary<Body> {
  const type = fc.constantFrom(
    ...types,
    'application/json',
    'text/plain',
    'application/json; charset=utf-16',
    'application/x-www-form-urlencoded',
    '',
  );
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => text.slice(0, Math.max(1, Math.floor(text.length / 2)))),
    oddValue().map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '{"a":1,"a":2}',
      '{"__proto__":{"x":1}}',
      '[]',
      'null',
      '"x"',
      '1',
      '{',
      ' ',
      `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
    ),
  );
  return fc.record({ type, body });
}

function bodyOf(operation: Operation): fc.Arbitrary<Body> {
  const none = fc.constant<Body>({ body: undefined });
  const content = operation.requestBody?.content;
  if (content === undefined) return fc.oneof({ weight: 20, arbitrary: none }, { weight: 1, arbitrary: oddBody([]) });
  const json = (legalPerOdd: number): fc.Arbitrary<Body> =>
    valueOf(content['application/json']?.schema, { known, named: NAMED, legalPerOdd }).map((value) => ({
      type: 'application/json',
      body: JSON.stringify(value),
    }));
  return fc.oneof(
    { weight: 8, arbitrary: json(0) },
    { weight: 12, arbitrary: json(25) },
    { weight: 1, arbitrary: none },
    { weight: 2, arbitrary: oddBody(Object.keys(content)) },
  );
}

/** A request for one of these operations. */
export function requestFor(operations: readonly ApiOperation[]): fc.Arbitrary<Asked> {
  return fc.oneof(
    ...operations.map(({ method, template, operation }) =>
      fc
        .record({
          path: pathOf(template, operation),
          query: queryOf(operation),
          headers: headersOf(operation),
          body: bodyOf(operation),
        })
        .map(({ path, query, headers, body: { body, type } }): Asked => ({
          method,
          path: path + query,
          headers: {
            ...headers,
            Authorization: `Bearer ${template.startsWith('/api/webhook') ? INBOUND_TOKEN : TOKEN}`,
            ...(type === undefined ? {} : { 'Content-Type': type }),
          },
          body,
        })),
    ),
  );
}
