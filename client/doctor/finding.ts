/** The result of a check of `doctor`. */

/** `warn`: works, but something is wrong. `fail`: does not work, or is not safe. */
export type FindingLevel = 'ok' | 'warn' | 'fail';

export interface Finding {
  /** Stable, e.g. `token-file`. */
  readonly id: string;
  readonly level: FindingLevel;
  /** The state found, with its values. */
  readonly message: string;
  /** The command or action that fixes the problem. */
  readonly fix?: string | undefined;
  /** Fixes the problem without affecting anything that runs. @returns a description of what it did */
  readonly repair?: () => string | Promise<string>;
}

export const ok = (id: string, message: string): Finding => ({ id, level: 'ok', message });
type Remedy = Pick<Finding, 'fix' | 'repair'>;
export const warn = (id: string, message: string, remedy: Remedy = {}): Finding => ({ id, level: 'warn', message, ...remedy });
export const fail = (id: string, message: string, remedy: Remedy = {}): Finding => ({ id, level: 'fail', message, ...remedy });

/** Returns the message of any thrown value, without a stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
