/** What a check of `doctor` has found. */

/** `warn`: works, and is not as it should be. `fail`: does not work, or is not safe. */
export type FindingLevel = 'ok' | 'warn' | 'fail';

export interface Finding {
  /** Stable, e.g. `token-file`. */
  readonly id: string;
  readonly level: FindingLevel;
  /** The state found, with its values. */
  readonly message: string;
  /** What to type, or to do, where it is not as it should be. */
  readonly fix?: string | undefined;
  /** Puts it right without harm to anything that runs. @returns what it did */
  readonly repair?: () => string | Promise<string>;
}

export const ok = (id: string, message: string): Finding => ({ id, level: 'ok', message });
type Remedy = Pick<Finding, 'fix' | 'repair'>;
export const warn = (id: string, message: string, remedy: Remedy = {}): Finding => ({ id, level: 'warn', message, ...remedy });
export const fail = (id: string, message: string, remedy: Remedy = {}): Finding => ({ id, level: 'fail', message, ...remedy });

/** The message of anything thrown, without a stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
