/** What a fake vendor is told to answer, in no vendor's terms. */

export interface FakeCall {
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The arguments as the vendor writes them where it streams text. Default: the input as JSON. */
  readonly text?: string;
}

export const textOfCall = ({ input, text = JSON.stringify(input) }: FakeCall): string => text;

/** A passage of reasoning before the answer. `redacted`: the vendor hides its text. */
export type FakeThought = { readonly text: string; readonly signature: string } | { readonly redacted: string };

export interface StreamReply {
  readonly type: 'stream';
  /** Where the vendor tells its reasoning. */
  readonly thoughts?: readonly FakeThought[];
  /** One of the request's, which ends the answer. */
  readonly stopSequence?: string;
  /** Each part is one event. */
  readonly parts: readonly string[];
  readonly calls?: readonly FakeCall[];
  /** Waited for before the part of that index is sent: how a test holds an answer in the middle. */
  readonly gate?: { readonly before: number; readonly until: Promise<unknown> };
  /** How it ends after its parts. `none`: the stream just ends; `cut`: the connection breaks; `garbage`: an event is no JSON, then it ends well. Default `stop`. */
  readonly end?: 'stop' | 'length' | 'filter' | 'none' | 'cut' | 'error' | 'garbage';
}

/** Errors that every vendor has, each in its own shape. */
export type ErrorKind = 'auth' | 'notFound' | 'rateLimited' | 'overloaded' | 'tooLong' | 'invalid';

export interface ErrorReply {
  readonly type: 'error';
  readonly kind: ErrorKind;
  readonly message?: string;
}

export interface PageReply {
  readonly type: 'page';
  readonly status: number;
  readonly title: string;
}

/** A document, whatever was asked for. */
export interface DocumentReply {
  readonly type: 'document';
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export type VendorReply = StreamReply | ErrorReply | PageReply | DocumentReply;

export const says = (...parts: string[]): StreamReply => ({ type: 'stream', parts });
export const calls = (...made: FakeCall[]): StreamReply => ({ type: 'stream', parts: [], calls: made });
export const fails = (kind: ErrorKind, message?: string): ErrorReply => ({
  type: 'error',
  kind,
  ...(message === undefined ? {} : { message }),
});

/** What every fake counts for every answer. */
export const FAKE_USAGE = { input: 11, cacheRead: 4, cacheWrite: 2, output: 5 };

/** What a fake that counts tokens answers. */
export const FAKE_COUNT = 42;

/** How long a vendor asks to wait when it limits. */
export const RETRY_AFTER_SECONDS = 7;
