/** What an installation consists of, decided before any file is made: the generators below turn it into text. */
import { FINAL_EXIT_CODES } from '../../../shared/exit-codes.js';

/** The name of the unit, the LaunchAgent and the task; one gateway per user is installed. */
export const SERVICE_NAME = 'xopc-gateway';

/** Beyond the drain: killing what is left, closing files, leaving. The manager kills only a supervisor that hangs. */
export const STOP_MARGIN_MS = 10_000;

/**
 * systemd's own, for a program that cannot be run at all (systemd.exec(5), "Process Exit Codes"): EXEC, SECCOMP, USER,
 * CAPABILITIES, NAMESPACE. Trying again changes nothing.
 */
export const EXEC_FAILURE_CODES = [203, 228, 217, 218, 226] as const;

export type ServiceRuntime = 'node' | 'binary';

/** Value of XOPC_SERVICE_MARKER. */
export type ServiceMarker = 'systemd' | 'launchd' | 'schtasks';

/** `basic`: only what needs no capability; a manager that may not drop any refuses to start a service with `full`. */
export type Sandbox = 'full' | 'basic';

/** Which program the launcher starts, and where it was at the installation. */
export interface ServiceProgram {
  readonly runtime: ServiceRuntime;
  /** The package directory (`node`), with `dist/main.cjs` in it, or the executable (`binary`). */
  readonly path: string;
  /** The Node that runs it; null for a binary. */
  readonly nodePath: string | null;
}

export interface ServicePlan {
  readonly marker: ServiceMarker;
  readonly home: string;
  /** Absolute; null where it is `config.json` in the home. */
  readonly configPath: string | null;
  /** `<home>/service/launch`, or `launch.cmd` on Windows. */
  readonly launcherPath: string;
  readonly program: ServiceProgram;
  /** Options that were given, in force over environment and configuration. */
  readonly port: number | null;
  readonly host: string | null;
  /** Address that the service manager itself listens on; null without socket activation. */
  readonly socket: { readonly host: string; readonly port: number } | null;
  readonly drainTimeoutMs: number;
  readonly sandbox: Sandbox;
}

/** The command line of the gateway, after the launcher. */
export function gatewayArguments(plan: ServicePlan): string[] {
  // With a passed socket an address on the command line would only contradict it.
  if (plan.socket !== null) return [];
  return [...(plan.port === null ? [] : ['--port', String(plan.port)]), ...(plan.host === null ? [] : ['--host', plan.host])];
}

/** What the manager sets in the gateway's environment. Never a secret: unit files are readable for others. */
export function serviceEnvironment(plan: ServicePlan): Record<string, string> {
  return {
    XOPC_SERVICE_MARKER: plan.marker,
    XOPC_HOME: plan.home,
    ...(plan.configPath === null ? {} : { XOPC_CONFIG: plan.configPath }),
  };
}

/** How long the manager waits before it kills, in whole seconds. */
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

/** launchd knows one exit code that is final, 0 (see the plist's KeepAlive); the others know all of them. */
export function exitCodeForManager(marker: string | undefined, exitCode: number): number {
  return marker === 'launchd' && FINAL_EXIT_CODES.some((final) => final === exitCode) ? 0 : exitCode;
}
