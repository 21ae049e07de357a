/** The content of an installation, decided before any file is generated. */
import { dirname, join } from 'node:path';
import { FINAL_EXIT_CODES } from '../../../shared/exit-codes.js';

/** Time after the drain to kill remaining processes, close files and exit. The manager kills only a supervisor that hangs. */
export const STOP_MARGIN_MS = 10_000;

/**
 * systemd's exit codes for a program that cannot be run at all (systemd.exec(5), "Process Exit Codes"): EXEC, SECCOMP, USER,
 * CAPABILITIES, NAMESPACE. Retrying does not help.
 */
export const EXEC_FAILURE_CODES = [203, 228, 217, 218, 226] as const;

export type ServiceRuntime = 'node' | 'binary';

/** Value of XOPC_SERVICE_MARKER. */
export type ServiceMarker = 'systemd' | 'launchd' | 'schtasks';

/** `basic`: only what needs no capability; a manager that cannot drop capabilities fails to start a service with `full`. */
export type Sandbox = 'full' | 'basic';

/** The program that the launcher starts, and its path at installation. */
export interface ServiceProgram {
  readonly runtime: ServiceRuntime;
  /** The package directory (`node`), with `dist/main.cjs` in it, or the executable (`binary`). */
  readonly path: string;
  /** The Node that runs it; null for a binary. */
  readonly nodePath: string | null;
}

export interface ServicePlan {
  /** Of the unit, the LaunchAgent or the task. */
  readonly name: string;
  readonly marker: ServiceMarker;
  readonly home: string;
  /** Absolute path; null for `config.json` in the home. */
  readonly configPath: string | null;
  /** `service/launch` in the data directory, or `launch.cmd` on Windows. */
  readonly launcherPath: string;
  readonly program: ServiceProgram;
  /** Options given to `install`; they override environment and configuration. */
  readonly port: number | null;
  readonly host: string | null;
  /** Address that the service manager itself listens on; null without socket activation. */
  readonly socket: { readonly host: string; readonly port: number } | null;
  readonly drainTimeoutMs: number;
  readonly sandbox: Sandbox;
}

/** @param directory  the launcher's */
export function launcherIn(directory: string, marker: ServiceMarker): string {
  return join(directory, marker === 'schtasks' ? 'launch.cmd' : 'launch');
}

/** Where a start reports a failure before the log exists; only launchd writes this file. @param directory  the launcher's */
export function errorLogPath(directory: string): string {
  return join(dirname(directory), 'logs', 'service.log');
}

/** Arguments of the gateway, after the launcher. */
export function gatewayArguments(plan: ServicePlan): string[] {
  // With a passed socket, an address on the command line could only conflict with it.
  if (plan.socket !== null) return [];
  return [...(plan.port === null ? [] : ['--port', String(plan.port)]), ...(plan.host === null ? [] : ['--host', plan.host])];
}

/** Environment variables that the manager sets for the gateway. Never a secret: other users can read unit files. */
export function serviceEnvironment(plan: ServicePlan): Record<string, string> {
  return {
    XOPC_SERVICE_MARKER: plan.marker,
    XOPC_HOME: plan.home,
    ...(plan.configPath === null ? {} : { XOPC_CONFIG: plan.configPath }),
  };
}

/** Time until the manager kills the gateway, in whole seconds. */
export function stopLimitSeconds(plan: ServicePlan): number {
  return Math.ceil((plan.drainTimeoutMs + STOP_MARGIN_MS) / 1000);
}

/** One generated file. */
export interface ServiceFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  readonly encoding: 'utf8' | 'utf16le';
}

/** launchd knows only one final exit code, 0 (see the plist's KeepAlive); the other managers know all of them. */
export function exitCodeForManager(marker: string | undefined, exitCode: number): number {
  return marker === 'launchd' && FINAL_EXIT_CODES.some((final) => final === exitCode) ? 0 : exitCode;
}
