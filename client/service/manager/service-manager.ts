/** Interface to the system's service manager, with one implementation per platform. */
import type { ServedGateway, ServiceNames } from '../plan/service-name.js';
import type { Sandbox, ServiceFile, ServiceMarker, ServicePlan } from '../plan/service-plan.js';

/** The gateway whose service is managed. */
export interface ServiceTarget {
  readonly gateway: ServedGateway;
  /** Both come from the install record when the service is installed. */
  readonly names: ServiceNames;
  /** Path of the launcher. */
  readonly directory: string;
}

export interface ServiceState {
  /** Whether the service is registered. */
  readonly isRegistered: boolean;
  /** Whether it starts at boot or login. */
  readonly isEnabled: boolean;
  /** `failed`: the manager has given up. `restarting`: between two starts. `unknown`: the manager does not say. */
  readonly activity: 'active' | 'restarting' | 'stopping' | 'inactive' | 'failed' | 'unknown';
  readonly pid: number | null;
  /** Number of automatic restarts; null if the manager does not count them. */
  readonly restarts: number | null;
  readonly lastExitCode: number | null;
  /** The manager's own description, e.g. `active (running)`. */
  readonly description: string;
}

/** A setting that will end the service too early. */
export interface ServiceConcern {
  readonly message: string;
  /** The command that fixes it. */
  readonly hint: string;
}

/** Another registration that starts a gateway. */
export interface OtherService {
  readonly path: string;
  readonly scope: 'user' | 'system';
  /** The gateway that it starts; null if its file does not say. */
  readonly gateway: ServedGateway | null;
  readonly removeWith: string;
}

export interface ServiceManager {
  readonly marker: ServiceMarker;
  /** Name in messages: `systemd`, `launchd`, `the Task Scheduler`. */
  readonly title: string;
  /** Name of the service. Final once {@link assertAvailable} has been called. */
  readonly name: string;
  readonly supportsSocket: boolean;
  /** Asks the manager where its files are. @throws UNAVAILABLE with a hint when it cannot be reached */
  assertAvailable(): Promise<void>;
  /** Probes which sandbox the manager can provide here; changes nothing. */
  probeSandbox(): Promise<Sandbox>;
  /** All files that the manager reads; the launcher is not included. */
  files(plan: ServicePlan): ServiceFile[];
  /** Paths of the files of {@link files}, with and without socket. */
  filePaths(): string[];
  state(): Promise<ServiceState>;
  /** Registers the written files and restarts the service. */
  activate(options: { isSocketActivated: boolean }): Promise<void>;
  /** Reloads changed files without starting or stopping anything; undefined if the manager cannot do that. */
  reload?(): Promise<void>;
  /** Starts the registered service and clears earlier failures. */
  start(options: { isSocketActivated: boolean }): Promise<void>;
  /** Disables automatic starts; called before the gateway is asked to stop. */
  suspend(): Promise<void>;
  /** Stops the service until {@link start} or the next boot. */
  confirmStopped(): Promise<void>;
  /** Stops and unregisters the service, and removes its files. */
  remove(): Promise<void>;
  /** Returns the last lines that the service printed before its log was open. */
  lastWords(): Promise<string[]>;
  /** Returns settings that will end the service too early, e.g. at logout. @param options.repair  fix them if possible */
  concerns(options: { repair: boolean }): Promise<ServiceConcern[]>;
  /** Reverts what {@link concerns} has repaired. @returns why it could not be reverted, or undefined */
  undoRepair(): Promise<string | undefined>;
  /** Finds other registrations that start a gateway. */
  others(): Promise<OtherService[]>;
}
