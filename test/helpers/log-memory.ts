/** A logger that keeps what it was told. */
import type { LogPort } from '../../shared/log/log-port.js';

export interface LogMemory extends LogPort {
  readonly entries: readonly { level: string; message: string; fields: Record<string, unknown> }[];
}

export function logMemory(): LogMemory {
  const entries: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const at = (level: string) => (fields: Record<string, unknown>, message: string) => void entries.push({ level, message, fields });
  return { entries, debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') };
}
