/** Exit codes that several programs agree on. Codes of failures are in the table of `errors.ts`. */

/** The service manager must not start the gateway again: stopped, another one runs, or the configuration or port is unusable. */
export const FINAL_EXIT_CODES = [0, 5, 78] as const;

/** A supervisor under a service manager exits with this to be started again (EX_TEMPFAIL). */
export const RESTART_ME_EXIT_CODE = 75;

/** Exit code of a worker that must not be respawned (a "permanent failure" in s6). */
export const PERMANENT_EXIT_CODE = 125;

/** A command that was interrupted by Ctrl-C. */
export const INTERRUPTED_EXIT_CODE = 130;
