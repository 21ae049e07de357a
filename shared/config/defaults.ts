/** Defaults that programs need which do not load the schema of the configuration. */

/** Maximum of `gateway.drainTimeoutMs`, and of a stop's or restart's own drain time. */
export const MAX_DRAIN_TIMEOUT_MS = 600_000;

export const GATEWAY_DEFAULTS = { host: '0.0.0.0', port: 18_790, drainTimeoutMs: 5_000 } as const;

export const LOG_DEFAULTS = { level: 'info', maxBytes: 10_485_760, files: 5 } as const;
