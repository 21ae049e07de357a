/** Defaults for programs that do not load the configuration's schema. */

/** How long a model may send nothing; local and reasoning models may take minutes until their first output. */
export const SILENCE_TIMEOUT_MS = 600_000;

/** Maximum of `gateway.drainTimeoutMs`, and of a stop's or restart's own drain time. */
export const MAX_DRAIN_TIMEOUT_MS = 600_000;

/** An address or a host name to listen on. */
export const HOST = /^[^\s/]{1,253}$/;
export const HOST_RULE = 'must be an address or a host name, such as 127.0.0.1';

/** Maximum of a configuration file, in bytes. A body of 1 MiB grows when it is written with one value per line. */
export const MAX_CONFIG_BYTES = 2_097_152;

/** Maximum length in characters. */
export const MAX_SECRET_LENGTH = 4_096;

/** The provider of the built-in guide. */
export const GUIDE_PROVIDER = 'xopc';

/** The built-in model, which explains how to configure one. */
export const GUIDE_REF = `${GUIDE_PROVIDER}/guide`;

export const GATEWAY_DEFAULTS = { host: '0.0.0.0', port: 18_790, drainTimeoutMs: 5_000 } as const;

export const LOG_DEFAULTS = { level: 'info', maxBytes: 10_485_760, files: 5 } as const;

/** What to do while `cron.enabled` is false. */
export const ENABLE_JOBS = 'Enable them with: xopc config set cron.enabled true';
