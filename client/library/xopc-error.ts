/** Every failure of a call. */

export interface XopcErrorFields {
  /** The HTTP status; 0 where no gateway was reached; 200 for a failure within a stream. */
  readonly status: number;
  /** As in docs/errors.md; below `/v1` as OpenAI or Anthropic name it; `UNREACHABLE` where no gateway was reached. */
  readonly code: string;
  /** What to do, where that is known. */
  readonly hint: string | undefined;
  /** The gateway's log has it. */
  readonly requestId: string | undefined;
  /** Seconds until a repetition may succeed. */
  readonly retryAfter: number | undefined;
  /** More for programs, such as the field that is refused. */
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
