/** HTTP answers as no server should give them: documents of another shape, cut, mislabelled, moved, in pieces. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { oddText, oddValue } from './values.js';

export interface OddAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: readonly Buffer[];
  /** `cut`: the connection breaks; `short`: more was announced; `reset`: there is no answer at all. */
  readonly end: 'whole' | 'cut' | 'short' | 'reset';
}

type Path = readonly (string | number)[];

/** Returns every place in a document. */
function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => placesIn(item, [...path, Array.isArray(value) ? Number(key) : key]))];
}

const REMOVED = Symbol('removed');

function withValue(document: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  const copy: Record<string | number, unknown> = Array.isArray(document) ? ([...document] as never) : { ...(document as object) };
  if (rest.length === 0 && value === REMOVED) delete copy[key];
  else copy[key] = withValue(copy[key], rest, value);
  return copy;
}

const deep = (depth: number): string => `${'{"error":['.repeat(depth)}1${']}'.repeat(depth)}`;

/** Made once: to make it takes longer than to use it. */
const CHANGE = fc.oneof(
  { weight: 12, arbitrary: oddValue() },
  { weight: 4, arbitrary: fc.constant(REMOVED) },
  // Such a value has no text form.
  { weight: 2, arbitrary: fc.constant({ toString: 1, valueOf: 1 }) },
  { weight: 1, arbitrary: fc.constant('x'.repeat(70_000)) },
);
const RAW = fc.oneof(oddText(), fc.constantFrom('', 'null', '[]', '{"ok":', '\uFEFF{}', deep(10), deep(50_000), '<html><title>x</title>'));

/** A document with up to three places changed: as text, because some of it could not be written otherwise. */
export function oddDocument(document: unknown): fc.Arbitrary<string> {
  const places = placesIn(document);
  const changed = fc
    .array(fc.tuple(fc.constantFrom(...places), CHANGE), { maxLength: 3 })
    .map((changes) => JSON.stringify(changes.reduce((now, [path, change]) => withValue(now, path, change), document)) ?? '');
  return fc.oneof({ weight: 8, arbitrary: changed }, { weight: 1, arbitrary: RAW });
}

const status = fc.oneof(
  { weight: 6, arbitrary: fc.constant(200) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(201, 204, 301, 307, 400, 401, 403, 404, 408, 409, 413, 422, 425, 429, 500, 502, 503, 504, 529, 599),
  },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 999 }) },
);
const TYPES = [
  'application/json',
  'text/event-stream',
  'text/html',
  'text/plain; charset=utf-16',
  'application/json; charset=iso-8859-1',
  '',
  'x',
];
const headerValue = fc.oneof(
  fc.stringMatching(/^[ -~]{0,40}$/),
  fc.constantFrom('x'.repeat(4_000), 'x'.repeat(20_000), '1e9', '-1', '99999999999', '0', 'Wed, 21 Oct 2099 07:28:00 GMT'),
);

/** @param body  the answer's text. @param usual  its content type, where it is not odd */
export function oddAnswer(body: fc.Arbitrary<string>, usual: string): fc.Arbitrary<OddAnswer> {
  const type = fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...TYPES) });
  const names = ['retry-after', 'retry-after-ms', 'x-odd', 'location'];
  const more = fc.dictionary(fc.constantFrom(...names), headerValue, { maxKeys: 2, noNullPrototype: true });
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });
  const end = fc.oneof(
    { weight: 12, arbitrary: fc.constant('whole' as const) },
    { weight: 3, arbitrary: fc.constantFrom('cut' as const, 'short' as const, 'reset' as const) },
  );
  return fc
    .record({ status, type, more, body, cuts, end, garbage: fc.option(fc.uint8Array({ maxLength: 8 }), { freq: 8 }) })
    .map((given) => {
      const bytes = Buffer.concat([Buffer.from(given.body), given.garbage ?? Buffer.alloc(0)]);
      const at = [0, ...given.cuts.map((cut) => Math.floor(cut * bytes.length)).toSorted((a, b) => a - b), bytes.length];
      // What is cut ends at the last of them.
      const pieces = at.slice(1, given.end === 'cut' ? -1 : undefined).map((until, index) => bytes.subarray(at[index], until));
      return { status: given.status, headers: { 'content-type': given.type, ...given.more }, pieces, end: given.end };
    });
}

/** A server that gives the answer that is set. */
export interface OddServer {
  readonly origin: string;
  /** Instead of the odd answer, where it returns true. */
  answer: OddAnswer;
  close(): Promise<void>;
}

export async function startOddServer(handle: (...call: Parameters<RequestListener>) => boolean = () => false): Promise<OddServer> {
  const odd: { answer: OddAnswer } = { answer: { status: 200, headers: {}, pieces: [], end: 'whole' } };
  const server = createServer((request, response) => {
    request.resume();
    response.on('error', () => undefined);
    if (handle(request, response)) return;
    const { status: code, headers, pieces, end } = odd.answer;
    if (end === 'reset') return void response.destroy();
    response.writeHead(code, { ...headers, ...(end === 'short' ? { 'content-length': '1000000' } : {}) });
    for (const piece of pieces) if (piece.length > 0) response.write(piece);
    if (end === 'whole') response.end();
    else response.write(' ', () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(odd, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
