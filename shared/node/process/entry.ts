/**
 * The interface that a bundle's entry offers to another process role or to the launcher. The client becomes the supervisor by
 * loading the supervisor's bundle; the contract is this type, never an import.
 */
import type { Problem } from '../../errors.js';
import type { SupervisorBoot } from '../../ipc/messages.js';
import type { GatewayEnvironment } from './env.js';

/** Options from the command line; they override environment and file, and survive a succession. */
export interface SupervisorOptions {
  readonly environment: GatewayEnvironment;
  readonly flags: SupervisorBoot['flags'];
  /** Problems of the edited configuration if this start, after a crash, uses the last good one; empty or missing: it uses the edited one. */
  readonly rejected?: readonly Problem[] | undefined;
  /** True when started by `xopc gateway` itself: SIGHUP then stops it if stdin is a terminal. */
  readonly foreground: boolean;
  /** Called once, when the first worker is active. */
  readonly onRunning?: (info: { readonly host: string; readonly port: number; readonly instanceId: string }) => void;
  /** Called when a successor serves and this process is about to exit. */
  readonly onSucceeded?: (successorPid: number) => void;
}

/** Export of `dist/supervisor.cjs`. */
export interface SupervisorEntry {
  /**
   * Runs until the gateway has stopped (or a successor has taken over). @returns the process exit code
   * @throws GatewayError when a cold start is not possible: LOCK_HELD, PORT_TAKEN, CONFIG_INVALID, BUILD_BROKEN …
   */
  runSupervisor(options: SupervisorOptions): Promise<number>;
}
