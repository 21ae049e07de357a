/** The parts of the worker that can be listened to one by one: the `module` of their lines in the log. */
import { type LogPort, withFields } from './log-port.js';

/** `store` is the database, `http` the API with its sockets; channels have their own names. */
export const LOG_MODULES = ['http', 'agent', 'providers', 'telegram', 'webhook', 'outbox', 'inbox', 'cron', 'store'] as const;

export type LogModule = (typeof LOG_MODULES)[number];

export function isLogModule(value: unknown): value is LogModule {
  return LOG_MODULES.some((name) => name === value);
}

/** The logger of one module: each of its lines says so, and its level can be changed alone. */
export function ofModule(logger: LogPort, module: LogModule): Required<LogPort> {
  return withFields(logger, { module });
}
