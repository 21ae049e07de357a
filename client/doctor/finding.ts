/** What a check of `doctor` has found. */

/** `warn`: works, and is not as it should be. `fail`: does not work, or is not safe. */
export type FindingLevel = 'ok' | 'warn' | 'fail';

export interface Finding {
  /** Stable, e.g. `token-file`. */
  readonly id: string;
  readonly level: FindingLevel;
  /** What is so, with its values. */
  readonly message: string;
  /** What to type, or to do, where it is not as it should be. */
  readonly fix?: string;
  /** Puts it right without harm to anything that runs. @returns what it did */
  readonly repair?: () => string | Promise<string>;
}

export const ok = (id: string, message: string): Finding => ({ id, level: 'ok', message });
export const warn = (id: string, message: string, more: Pick<Finding, 'fix' | 'repair'> = {}): Finding => ({
  id,
  level: 'warn',
  message,
  ...more,
});
export const fail = (id: string, message: string, more: Pick<Finding, 'fix' | 'repair'> = {}): Finding => ({
  id,
  level: 'fail',
  message,
  ...more,
});

/** The message of anything thrown, without a stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
