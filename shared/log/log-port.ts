/** The logger with fields that each of its lines has: what belongs together is found by them. */
export function withFields(logger: LogPort, fields: Record<string, unknown>): Required<LogPort> {
  return {
    debug: (own, message) => logger.debug?.({ ...fields, ...own }, message),
    info: (own, message) => logger.info({ ...fields, ...own }, message),
    warn: (own, message) => logger.warn({ ...fields, ...own }, message),
    error: (own, message) => logger.error({ ...fields, ...own }, message),
  };
}

/** What most code needs of a logger; pino's is one. Fields named `err` are rendered with their causes. */
export interface LogPort {
  /** What is only wanted when somebody looks into something; the loggers of tests may leave it out. */
  debug?(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
