/** What the routes may ask of the log. */

export interface LogQuery {
  readonly level?: string;
  /** ISO 8601 or epoch ms, inclusive. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly q?: string;
  /** 1–1000, default 100. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface LogService {
  /** Newest last; reads backwards through the rotated files. */
  query(query: LogQuery): Promise<{ entries: Record<string, unknown>[]; nextCursor: string | null }>;
}
