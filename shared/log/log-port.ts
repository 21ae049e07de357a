/** What most code needs of a logger; pino's is one. Fields named `err` are rendered with their causes. */
export interface LogPort {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
