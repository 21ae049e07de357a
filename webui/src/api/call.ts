/** A call of the API. */
export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export interface Call {
  readonly method: Method;
  /** With the query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Whether it is an action of the user. Default: every method but GET. */
  readonly isAction?: boolean;
}

/** The header that makes a change fail if its target has a different revision by then. */
export const match = (revision: string): Record<string, string> => ({ 'If-Match': `"${revision}"` });
