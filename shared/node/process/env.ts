/** The only reader of `process.env`. The variables and their defaults are in docs/gateway.md, "Environment variables". */
import { homedir, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { isMaskText } from '../../config/secrets.js';
import { GatewayError } from '../../errors.js';
import { isLogLevel, LOG_LEVELS, type LogLevel } from '../../log/level.js';

export interface GatewayEnvironment {
  /** XOPC_HOME, default `~/.xopc`. */
  readonly home: string;
  readonly configPath: string | undefined;
  readonly port: number | undefined;
  readonly host: string | undefined;
  /** XOPC_GATEWAY_TOKEN: overrides `gateway.auth.api_key` and the generated token. */
  readonly token: string | undefined;
  readonly logLevel: LogLevel | undefined;
  /** XOPC_ALLOW_SIGUSR1_RESTART=1: SIGUSR1 restarts instead of only being logged. */
  readonly allowSigusr1Restart: boolean;
  /** XOPC_NO_RESPAWN=1: the supervisor is never replaced; restarts happen in place. */
  readonly noRespawn: boolean;
  /** XOPC_SERVICE_MARKER: the service manager that runs this process; null when it was started by hand. */
  readonly serviceMarker: string | null;
  /** LISTEN_FDS of systemd's socket activation, when LISTEN_PID is this process (or unset by the launcher's exec). */
  readonly listenFds: number;
  /** LISTEN_FDNAMES: the passed socket is the one that systemd kept for us ({@link KEPT_SOCKET_NAME}). */
  readonly isSocketKept?: boolean;
  /** FDSTORE: systemd keeps descriptors for us while the supervisor is replaced. */
  readonly keepsSocket?: boolean;
  /** XDG_RUNTIME_DIR, default the temporary directory: where the control socket is when its usual path is too long. */
  readonly runtimeDir: string;
}

/** The name under which systemd keeps our listening socket. */
export const KEPT_SOCKET_NAME = 'listen';

function text(name: string): string | undefined {
  const value = process.env[name];
  return value === undefined || value === '' ? undefined : value;
}

function flag(name: string): boolean {
  return ['1', 'true', 'yes', 'on'].includes((text(name) ?? '').toLowerCase());
}

/** Parses a TCP port from a flag or variable. 0 means any free port and is for tests. @throws USAGE */
export function parsePort(value: string, origin: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : NaN;
  if (!(port >= 0 && port <= 65_535)) {
    throw new GatewayError('USAGE', {
      message: `${origin}: invalid port '${value}'`,
      hint: 'Use a whole number from 1 to 65535, e.g. 18790.',
    });
  }
  return port;
}

function parseLogLevel(value: string | undefined): LogLevel | undefined {
  if (value === undefined || isLogLevel(value)) return value;
  throw new GatewayError('USAGE', {
    message: `XOPC_LOG_LEVEL: invalid level '${value}'`,
    hint: `Use one of: ${LOG_LEVELS.join(', ')}.`,
  });
}

/**
 * Returns the home directory from the user database if HOME is empty, because a relative `.xopc` would depend on the working
 * directory.
 */
function homeDirectory(): string {
  try {
    return homedir() || userInfo().homedir;
  } catch (error) {
    // Neither HOME nor a user entry: a container running under an arbitrary user id.
    throw new GatewayError('USAGE', {
      message: `user id ${process.getuid?.() ?? 'unknown'} has no home directory`,
      hint: 'Set HOME, or set XOPC_HOME to a directory for the gateway.',
      cause: error,
    });
  }
}

/** Returns `~/.xopc`. @throws USAGE when the user has no home directory */
export function defaultHome(): string {
  return join(homeDirectory(), '.xopc');
}

/** Whether commands without XOPC_HOME use this home. */
export function isDefaultHome(home: string): boolean {
  try {
    return home === defaultHome();
  } catch {
    // The user has none.
    return false;
  }
}

/** Returns why a value cannot be used as the token, as a phrase that follows its name; undefined if it can. */
export function tokenProblem(value: string): string | undefined {
  if (isMaskText(value)) return 'is the mask of a token, not the token';
  return /^[\x21-\x7e]{1,512}$/.test(value) ? undefined : 'contains invalid characters';
}

function parseTokenVariable(value: string | undefined): string | undefined {
  const problem = value === undefined ? undefined : tokenProblem(value);
  if (problem === undefined) return value;
  throw new GatewayError('USAGE', {
    message: `XOPC_GATEWAY_TOKEN ${problem}`,
    hint: 'Use printable ASCII without spaces, e.g. the output of: openssl rand -hex 32',
  });
}

/** Reads the environment. @throws USAGE when a variable has a value that cannot be used */
export function readEnvironment(): GatewayEnvironment {
  const port = text('XOPC_PORT');
  const listenPid = text('LISTEN_PID');
  return {
    home: text('XOPC_HOME') ?? defaultHome(),
    configPath: text('XOPC_CONFIG'),
    port: port === undefined ? undefined : parsePort(port, 'XOPC_PORT'),
    host: text('XOPC_HOST'),
    token: parseTokenVariable(text('XOPC_GATEWAY_TOKEN')),
    logLevel: parseLogLevel(text('XOPC_LOG_LEVEL')),
    allowSigusr1Restart: flag('XOPC_ALLOW_SIGUSR1_RESTART'),
    noRespawn: flag('XOPC_NO_RESPAWN'),
    serviceMarker: text('XOPC_SERVICE_MARKER') ?? null,
    listenFds: listenPid === undefined || Number(listenPid) === process.pid ? Number(text('LISTEN_FDS') ?? 0) : 0,
    isSocketKept: text('LISTEN_FDNAMES') === KEPT_SOCKET_NAME,
    keepsSocket: Number(text('FDSTORE') ?? 0) > 0,
    runtimeDir: text('XDG_RUNTIME_DIR') ?? tmpdir(),
  };
}

/** Returns one variable by name, for `${VAR}` in the configuration and for providers' usual keys. Empty counts as unset. */
export function environmentValue(name: string): string | undefined {
  return text(name);
}

/** Returns the values of all variables whose name marks them as secret; for redaction only. */
export function environmentSecrets(): string[] {
  const secrets = Object.entries(process.env).filter(([name]) => /(?:KEY|TOKEN|SECRET|PASSWORD)$/.test(name));
  return secrets.map(([, value]) => value ?? '').filter(Boolean);
}

/** Returns the boot document that a child gets from its parent (JSON in `XOPC_BOOT`). */
export function readBootDocument(): unknown {
  const value = text('XOPC_BOOT');
  return value === undefined ? undefined : JSON.parse(value);
}

/** Variables that systemd and Node set only for this process. */
const OWN_ONLY: ReadonlySet<string> = new Set([
  'NODE_OPTIONS',
  'NODE_CHANNEL_FD',
  'LISTEN_FDS',
  'LISTEN_PID',
  'LISTEN_PIDFDID',
  'LISTEN_FDNAMES',
  'NOTIFY_SOCKET',
  'FDSTORE',
  'XOPC_CALLED_AS',
]);

/** Returns the variables that systemd-notify needs. */
export function notifyEnvironment(): Record<string, string> {
  return { PATH: text('PATH') ?? '/usr/bin:/bin', NOTIFY_SOCKET: text('NOTIFY_SOCKET') ?? '' };
}

/** They may be relative to our working directory, which differs from the child's. */
const PATHS: ReadonlySet<string> = new Set(['XOPC_HOME', 'XOPC_CONFIG', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR']);

/**
 * Limits the memory pools that the C library of Linux keeps for the threads of a process. By default there are up to eight for each core;
 * each keeps the largest size that it has had, so a worker grows for hours.
 */
const FEW_POOLS = { MALLOC_ARENA_MAX: '2' };

/**
 * Returns a child's environment: without the variables meant for one process only, plus `extra`.
 * @param from  default: our own environment
 */
export function childEnvironment(extra: Record<string, string>, from: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(from))
    if (value !== undefined && !OWN_ONLY.has(name)) clean[name] = PATHS.has(name) && value !== '' ? resolve(value) : value;
  return { ...FEW_POOLS, ...clean, ...extra };
}

/** Variables that a program needs to run at all. Other people's programs must not get our keys. */
const FOR_TOOL_SERVERS =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TERM|LANG|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|XDG_[A-Z_]+|(?:HTTPS?|NO)_PROXY|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|(?:APP|LOCALAPP|PROGRAM)DATA|COMSPEC|HOME(?:DRIVE|PATH)|PATHEXT|PROCESSOR_ARCHITECTURE|PROGRAMFILES.*|SYSTEM(?:DRIVE|ROOT)|USERNAME|USERPROFILE|WINDIR)$/i;

/** Variable in the environment of every MCP server. */
export const TOOL_SERVER_MARK = { name: 'XOPC_TOOL_SERVER', value: '1' } as const;

/** Returns the environment of an MCP server, before its own variables. */
export function toolServerEnvironment(): Record<string, string> {
  const inherited = Object.entries(childEnvironment({})).filter(([name]) => FOR_TOOL_SERVERS.test(name));
  return { ...Object.fromEntries(inherited), [TOOL_SERVER_MARK.name]: TOOL_SERVER_MARK.value };
}
