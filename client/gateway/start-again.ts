/** Restarts a gateway that has exited, with its previous options. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import type { SupervisorBoot } from '../../shared/ipc/messages.js';
import type { LockRecord } from '../../shared/node/files/lock-record.js';
import { type GatewayEnvironment, parsePort } from '../../shared/node/process/env.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { definedFields } from '../../shared/fields.js';
import { startService } from '../service/await-service.js';
import { isProven } from './end/kill-gateway.js';
import { readListenSettings } from './gateway-settings.js';
import { requireGateway } from './locate-gateway.js';
import { lastGoodFiles, problemsAfterCrash } from './start-config.js';
import { startSupervisor } from './start-supervisor.js';

export interface StartAgain {
  readonly paths: GatewayPaths;
  readonly environment: GatewayEnvironment;
  /** The path from `--config`. */
  readonly configPath: string | undefined;
  /** Lock of the gateway that has exited; undefined if none is known. */
  readonly before: LockRecord | undefined;
  /** How that gateway was started; undefined if the system did not show it. */
  readonly former?: FormerStart | undefined;
  /** Its token from `--token` or its environment, if known. */
  readonly token?: string;
  /** Whether the service manager ran it or should run it now. */
  readonly isService: boolean;
}

/** How a gateway was started. */
interface FormerStart {
  readonly environment: Readonly<Record<string, string>>;
  /** Undefined if its command line cannot be read. */
  readonly flags: SupervisorBoot['flags'] | undefined;
}

/** The options of a gateway in the foreground: those after the command. Options of Node precede it; other words are ignored. */
function readOptions(commandLine: readonly string[]): FormerStart['flags'] {
  const command = commandLine.indexOf('gateway');
  if (command === -1) return undefined;
  const options = { port: { type: 'string', short: 'p' }, host: { type: 'string' }, token: { type: 'string' } } as const;
  const { values } = parseArgs({ args: commandLine.slice(command + 1), options, strict: false });
  const { port, host, token } = values as Partial<Record<keyof typeof options, string>>;
  try {
    return definedFields({ port: port === undefined ? undefined : parsePort(port, '--port'), host, token });
  } catch {
    return undefined;
  }
}

/** Reads how a running gateway was started. @returns undefined if the system does not show it */
export function readFormerStart(lock: LockRecord): FormerStart | undefined {
  if (process.platform !== 'linux' || !isProven(lock)) return undefined;
  const read = (file: string): string[] => readFileSync(`/proc/${lock.pid}/${file}`, 'utf8').split('\0');
  try {
    const entries = read('environ');
    const named = entries.map((entry): [string, string] => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]);
    const { XOPC_BOOT: boot, ...environment } = Object.fromEntries(named.filter(([name]) => name !== ''));
    return { environment, flags: boot === undefined ? readOptions(read('cmdline')) : (JSON.parse(boot) as SupervisorBoot).flags };
  } catch {
    return undefined; // It has ended, or its environment cannot be read: it is started with our own.
  }
}

/** Returns the options that it was started with; if they are unknown, the address in its lock where that is not the configured one. */
function flagsOf({ environment, configPath, before, former, token }: StartAgain, source: { configPath: string }): SupervisorBoot['flags'] {
  if (former?.flags !== undefined) return { ...former.flags, ...definedFields({ configPath, token }) };
  const configured = readListenSettings(source, environment);
  const { host, port } = before ?? configured;
  return definedFields({
    configPath,
    token,
    host: host === configured.host || host === '' ? undefined : host,
    port: port === configured.port || port === 0 ? undefined : port,
  });
}

/** @returns the status of the serving gateway @throws the error of the start or of the service manager */
export async function startAgain(start: StartAgain): Promise<StatusDocument> {
  const { paths, former } = start;
  if (start.isService) return startService(paths, start.before?.instanceId);
  const rejected = await problemsAfterCrash(paths);
  const flags = flagsOf(start, rejected.length === 0 ? paths : lastGoodFiles(paths));
  // A relative path in its environment was relative to its working directory.
  const home =
    former === undefined ? {} : { XOPC_HOME: paths.home, ...(former.environment['XOPC_CONFIG'] ? { XOPC_CONFIG: paths.configPath } : {}) };
  await startSupervisor({ flags, rejected, ...(former === undefined ? {} : { environment: { ...former.environment, ...home } }) });
  return (await requireGateway(paths)).status;
}
