/**
 * A collector of traces over real HTTP, as strict as a real one: what it takes is exactly the JSON mapping of `ExportTraceServiceRequest`
 * (opentelemetry-proto 1.x): ids in hexadecimal, 64-bit numbers as text, enumerations as numbers, no field that does not exist.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import * as z from 'zod';

const int64 = z.string().regex(/^-?\d{1,19}$/);
const scalar = z.union([
  z.strictObject({ stringValue: z.string().refine((text) => text.isWellFormed()) }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: int64 }),
  z.strictObject({ doubleValue: z.number() }),
]);
const anyValue = z.union([scalar, z.strictObject({ arrayValue: z.strictObject({ values: z.array(scalar) }) })]);
const attributes = z
  .array(z.strictObject({ key: z.string().min(1), value: anyValue }))
  .refine((all) => new Set(all.map(({ key }) => key)).size === all.length, 'a key appears twice');
const id = (digits: number) => z.string().regex(new RegExp(`^(?!0+$)[0-9a-f]{${digits}}$`));
const nanoseconds = z.string().regex(/^\d{19}$/);

const span = z
  .strictObject({
    traceId: id(32),
    spanId: id(16),
    parentSpanId: id(16).optional(),
    flags: z.int().min(0).max(0xff_ff_ff_ff),
    name: z.string().min(1),
    kind: z.int().min(1).max(5),
    startTimeUnixNano: nanoseconds,
    endTimeUnixNano: nanoseconds,
    attributes,
    status: z.strictObject({ code: z.int().min(0).max(2), message: z.string().optional() }).optional(),
  })
  .refine(({ startTimeUnixNano: start, endTimeUnixNano: end }) => BigInt(start) <= BigInt(end));

export const exportRequest = z.strictObject({
  resourceSpans: z
    .array(
      z.strictObject({
        resource: z.strictObject({ attributes }),
        scopeSpans: z.array(
          z.strictObject({ scope: z.strictObject({ name: z.string(), version: z.string() }), spans: z.array(span).min(1) }),
        ),
      }),
    )
    .min(1),
});

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What it does with a request. `hang`: never answers; `reset`: cuts the connection; `flood`: 100 MB. */
export type Reaction =
  | 'take'
  | 'hang'
  | 'reset'
  | 'flood'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

export interface Collector {
  readonly url: string;
  readonly spans: CollectedSpan[];
  /** What each request had in its headers. */
  readonly requests: IncomingMessage['headers'][];
  /** Documents that are not of the format. */
  readonly problems: string[];
  reaction: Reaction;
  /** Bytes that were written of floods. */
  readonly flooded: () => number;
  /** Resolves once so many requests have arrived in all. */
  received(count: number): Promise<void>;
}

type AnyValue = z.infer<typeof anyValue>;

function plain(value: AnyValue): unknown {
  if ('arrayValue' in value) return value.arrayValue.values.map(plain);
  return 'intValue' in value ? Number(value.intValue) : Object.values(value)[0];
}

const plainAttributes = (all: z.infer<typeof attributes>): Record<string, unknown> =>
  Object.fromEntries(all.map(({ key, value }) => [key, plain(value)]));

function spansIn(text: string): CollectedSpan[] {
  return exportRequest.parse(JSON.parse(text)).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, spanId, parentSpanId, name, kind, status, attributes: all }) => ({
        traceId,
        spanId,
        parentSpanId,
        name,
        kind,
        isError: status?.code === 2,
        attributes: plainAttributes(all),
      })),
    ),
  );
}

const FLOOD_BYTES = 100_000_000;

/** @returns how many bytes have been written so far */
function flood(response: ServerResponse): () => number {
  const piece = Buffer.alloc(65_536, ' ');
  let written = 0;
  const write = (): void => {
    while (written < FLOOD_BYTES && !response.destroyed) {
      written += piece.length;
      if (!response.write(piece)) return void response.once('drain', write);
    }
    response.end();
  };
  response.writeHead(200, { 'Content-Type': 'application/json' });
  write();
  return () => written;
}

export async function startCollector(): Promise<Collector> {
  const arrivals: { count: number; resolve: () => void }[] = [];
  const floods: (() => number)[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      collector.requests.push(request.headers);
      react(body, response);
      for (const { count, resolve } of arrivals) if (collector.requests.length >= count) resolve();
    });
  });
  function react(body: string, response: ServerResponse): void {
    const { reaction, spans, problems } = collector;
    try {
      const found = spansIn(body);
      if (reaction === 'take') spans.push(...found);
    } catch (error) {
      problems.push(String(error));
    }
    if (reaction === 'reset') response.destroy();
    else if (reaction === 'flood') floods.push(flood(response));
    else if (reaction === 'take') response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"partialSuccess":{}}');
    else if (reaction !== 'hang') response.writeHead(reaction.status, reaction.headers).end(reaction.body ?? '');
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    requests: [],
    problems: [],
    reaction: 'take',
    flooded: () => floods.reduce((sum, written) => sum + written(), 0),
    received: (count) => new Promise((resolve) => (collector.requests.length >= count ? resolve() : arrivals.push({ count, resolve }))),
  };
  return collector;
}
