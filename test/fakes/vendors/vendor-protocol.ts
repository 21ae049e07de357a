/** What a fake vendor's server must know of the vendor. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorKind, FakeCall, FakeThought } from './vendor-reply.js';

export type Body = Readonly<Record<string, unknown>>;

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** One answer being streamed: what each of its events is, as text for the wire. */
export interface StreamWriter {
  open(): string;
  think?(thoughts: readonly FakeThought[]): string;
  part(text: string): string;
  calls(calls: readonly FakeCall[]): string;
  finish(reason: 'stop' | 'length' | 'filter', hasCalls: boolean, stopSequence?: string): string;
  /** An error in the stream. */
  error(message: string): string;
  garbage(): string;
}

export interface VendorProtocol {
  /** Where the API begins. */
  readonly basePath: string;
  /** The key that a request carries. */
  keyOf(headers: IncomingHttpHeaders): string | undefined;
  /** The model that a request for a streamed answer names; undefined for any other request. */
  modelOf(path: string, body: Body): string | undefined;
  /** What the vendor would refuse the request for. */
  problemOf(headers: IncomingHttpHeaders, body: Body): string | undefined;
  error(kind: ErrorKind, message: string): HttpAnswer;
  models(ids: readonly string[]): unknown;
  /** The answer to a request for a count of tokens; undefined for any other request. */
  count?(path: string, body: Body): HttpAnswer | undefined;
  writer(model: string): StreamWriter;
}

export const sse = (data: unknown, event?: string): string =>
  `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;

export const listOf = (value: unknown): Body[] => (Array.isArray(value) ? (value as Body[]) : []);
