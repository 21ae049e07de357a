/** The project's own logger with a file that is an array. */
import { createLogger, type Logger } from '../../shared/node/log/logger.js';
import { createRedactor } from '../../shared/node/secrets/redact.js';

export interface RecordingLogger {
  readonly log: Logger;
  /** What was logged, oldest first. */
  entries(): Record<string, unknown>[];
  messages(): string[];
}

export function recordingLogger(): RecordingLogger {
  const lines: string[] = [];
  const file = { maxLineBytes: 65_536, write: (line: string) => void lines.push(line) };
  const log = createLogger({ file, level: () => 'trace', bindings: { role: 'test' }, redactor: createRedactor() });
  const entries = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, entries, messages: () => entries().map((entry) => String(entry['msg'])) };
}
