/** A call of the API as the page writes it. */
export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export interface Call {
  readonly method: Method;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Whether a person asked for it by an action; by default whatever is no GET. */
  readonly isAction?: boolean;
}
