/** The modules of the worker whose log level can be set separately: the field `module` of their lines. */
import { type LogPort, withFields } from './log-port.js';

/** `store` is the database, `http` the API with its sockets, `mcp` the servers whose tools agents use; channels have their own names. */
export const LOG_MODULES = ['http', 'agent', 'providers', 'telegram', 'webhook', 'outbox', 'inbox', 'cron', 'mcp', 'store'] as const;

export type LogModule = (typeof LOG_MODULES)[number];

export function isLogModule(value: unknown): value is LogModule {
  return LOG_MODULES.some((name) => name === value);
}

/** Returns the logger of a module: its lines carry `module`, and its level can be set separately. */
export function ofModule(logger: LogPort, module: LogModule): LogPort {
  return withFields(logger, { module });
}
