/** The paths under the home directory (`~/.xopc`). Writes nothing; only reads the record of who owns the home's data. */
import { join, resolve } from 'node:path';
import { GatewayError } from '../../errors.js';
import { sha256Hex } from '../../sha256.js';
import { readLock } from '../files/lock-record.js';
import { configHash, type ConfigIdentity } from './config-identity.js';
import { findDataDir } from './data-owner.js';
import { ownerPathIn } from './owner-record.js';

/** Where one configuration's data is. */
interface DataPaths {
  /** The home for the configuration that owns its data, `{home}/gateways/{hash}` for every other. */
  readonly dataDir: string;
  /** Records the owner of the data. */
  readonly ownerPath: string;
  /** Held by the gateway that uses the data. */
  readonly dataLockPath: string;
  readonly logDir: string;
  readonly logPath: string;
  readonly stateDir: string;
  readonly databasePath: string;
  /** Temporary log levels. */
  readonly logLevelPath: string;
  /** Log of when the gateway was up, crashed and restarted. */
  readonly lifePath: string;
  /** Copies of the configuration that a worker last ran with. */
  readonly lastGoodConfigPath: string;
  readonly lastGoodModelsPath: string;
  /** The text before the last change that xopc itself made. */
  readonly undoConfigPath: string;
  readonly undoModelsPath: string;
  /** Earlier texts of the configuration. */
  readonly configVersionsDir: string;
  readonly credentialsDir: string;
  readonly tokenPath: string;
}

export interface GatewayPaths extends ConfigIdentity, DataPaths {
  readonly modelsPath: string;
  readonly lockDir: string;
  readonly lockPath: string;
  readonly runDir: string;
  readonly controlPath: string;
  /** Held while the configuration is read, changed and written. */
  readonly configLockPath: string;
  /** The same for `models.json`, which all configurations of the home share. */
  readonly modelsLockPath: string;
  /** Held while a restore replaces the state. */
  readonly restoreLockPath: string;
}

/** Linux allows 107 bytes in a socket path and Node cuts a longer one silently; macOS allows 103. */
const MAX_SOCKET_PATH_BYTES = 103;

function isShort(path: string): boolean {
  // Room for the private name that the socket is bound on before it is renamed.
  return Buffer.byteLength(path) + 16 <= MAX_SOCKET_PATH_BYTES;
}

function controlSocketPath(runDir: string, hash: string, runtimeDir: string): string {
  const usual = join(runDir, `gateway.${hash}.sock`);
  // One configuration can be used in two homes; outside of them, its hash alone would name one gateway for both.
  const id = sha256Hex(usual).slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\xopc-gateway-${id}`;
  if (isShort(usual)) return usual;
  const name = join(`xopc-${id}`, `${hash}.sock`);
  const moved = join(runtimeDir, name);
  return isShort(moved) ? moved : join('/tmp', name);
}

function dataPaths(dataDir: string, hash: string): DataPaths {
  const at = (...parts: string[]): string => join(dataDir, ...parts);
  return {
    dataDir,
    ownerPath: ownerPathIn(dataDir),
    dataLockPath: at('data.lock'),
    logDir: at('logs'),
    logPath: at('logs', 'gateway.log'),
    stateDir: at('state'),
    databasePath: at('state', 'gateway.db'),
    logLevelPath: at('state', `log-level.${hash}.json`),
    lifePath: at('state', `life.${hash}.jsonl`),
    lastGoodConfigPath: at('state', `config.${hash}.last-good.json`),
    undoConfigPath: at('state', `config.${hash}.undo.json`),
    undoModelsPath: at('state', `models.${hash}.undo.json`),
    configVersionsDir: at('state', `config.${hash}.versions`),
    lastGoodModelsPath: at('state', `models.${hash}.last-good.json`),
    credentialsDir: at('credentials'),
    tokenPath: at('credentials', 'token'),
  };
}

/** Returns the same gateway's paths with its data in another directory. */
export function withDataDir(paths: GatewayPaths, dataDir: string): GatewayPaths {
  return dataDir === paths.dataDir ? paths : { ...paths, ...dataPaths(dataDir, paths.hash) };
}

interface PathOptions {
  home: string;
  configPath?: string | undefined;
  runtimeDir: string;
  dataDir?: string | undefined;
}

/**
 * Resolves every path from the home directory and the configuration path.
 * @param options.runtimeDir  where the control socket moves if its path is too long (XDG_RUNTIME_DIR or the temp directory); if it
 * is too long there, `/tmp`
 * @param options.dataDir  where the caller knows it; default: from the home's owner record
 * @throws CONFIG_INVALID when that record cannot be read
 */
export function resolvePaths(options: PathOptions): GatewayPaths {
  const home = resolve(options.home);
  const configPath = resolve(options.configPath ?? join(home, 'config.json'));
  const hash = configHash(configPath);
  const at = (...parts: string[]): string => join(home, ...parts);
  return {
    home,
    configPath,
    modelsPath: at('models.json'),
    hash,
    lockDir: at('locks'),
    lockPath: at('locks', `gateway.${hash}.lock`),
    runDir: at('run'),
    controlPath: controlSocketPath(at('run'), hash, options.runtimeDir),
    configLockPath: at('locks', `config.${hash}.lock`),
    modelsLockPath: at('locks', 'models.lock'),
    restoreLockPath: at('locks', 'restore.lock'),
    ...dataPaths(options.dataDir ?? findDataDir({ home, configPath, hash }), hash),
  };
}

/**
 * Resolves the paths for commands that inspect or stop a gateway, which need only its lock and its control socket. If the owner record
 * cannot be used, the data directory is the one that the lock names, or else the one reserved for this configuration.
 * @returns the paths, and why the record cannot be used
 */
export function resolveKnownPaths(options: PathOptions): { paths: GatewayPaths; problem?: GatewayError } {
  try {
    return { paths: resolvePaths(options) };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const paths = resolvePaths({ ...options, dataDir: resolve(options.home) });
    const lock = readLock(paths.lockPath);
    const known = lock !== undefined && lock.dataDir !== '' ? lock.dataDir : join(paths.home, 'gateways', paths.hash);
    return { paths: withDataDir(paths, known), problem: error };
  }
}
