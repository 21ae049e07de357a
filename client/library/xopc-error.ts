/** The error of every failed call. */

export interface XopcErrorFields {
  /** The HTTP status; 0 where no gateway was reached; 200 for a failure within a stream. */
  readonly status: number;
  /** As in docs/errors.md; below `/v1` as OpenAI or Anthropic name it; `UNREACHABLE` where no gateway was reached. */
  readonly code: string;
  /** What to do, if known. */
  readonly hint: string | undefined;
  /** Also in the gateway's log. */
  readonly requestId: string | undefined;
  /** Seconds until a retry may succeed. */
  readonly retryAfter: number | undefined;
  /** Further data for programs, such as the rejected field. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

export class XopcError extends Error implements XopcErrorFields {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(message: string, fields: XopcErrorFields, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'XopcError';
    this.status = fields.status;
    this.code = fields.code;
    this.hint = fields.hint;
    this.requestId = fields.requestId;
    this.retryAfter = fields.retryAfter;
    this.details = fields.details;
  }
}
