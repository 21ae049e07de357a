/** The port to the system's service manager, with one implementation for each platform. */
import type { Sandbox, ServiceFile, ServiceMarker, ServicePlan } from '../plan/service-plan.js';

export interface ServiceState {
  /** The manager knows the service. */
  readonly isRegistered: boolean;
  /** It starts at boot or login. */
  readonly isEnabled: boolean;
  /** `failed`: the manager has given up. `restarting`: between two starts. */
  readonly activity: 'active' | 'restarting' | 'stopping' | 'inactive' | 'failed' | 'unknown';
  readonly pid: number | null;
  /** How often the manager has started it again by itself; null where it does not count. */
  readonly restarts: number | null;
  readonly lastExitCode: number | null;
  /** The manager's own words, e.g. `active (running)`. */
  readonly description: string;
}

/** Something that keeps the service from living as long as it should. */
export interface ServiceConcern {
  readonly message: string;
  /** What to type. */
  readonly hint: string;
}

/** Another registration that starts a gateway. */
export interface OtherService {
  readonly path: string;
  readonly scope: 'user' | 'system';
  /** The home that it names, where it names one. */
  readonly home: string | null;
  readonly removeWith: string;
}

export interface ServiceManager {
  readonly marker: ServiceMarker;
  /** For a message: `systemd`, `launchd`, `the Task Scheduler`. */
  readonly title: string;
  readonly supportsSocket: boolean;
  /** @throws UNAVAILABLE when this manager cannot be reached here, with what to do */
  assertAvailable(): Promise<void>;
  /** How much of a sandbox it can give a service here; tried out, changes nothing. */
  probeSandbox(): Promise<Sandbox>;
  /** Everything that it reads; the launcher is not among them. */
  files(plan: ServicePlan): ServiceFile[];
  /** Where the files lie that {@link files} makes, with and without socket. */
  filePaths(): string[];
  state(): Promise<ServiceState>;
  /** Registers the written files and starts the service anew. */
  activate(options: { isSocketActivated: boolean }): Promise<void>;
  /** Reads changed files anew; starts and stops nothing. Not there where that cannot be. */
  reload?(): Promise<void>;
  /** Starts what is registered, forgetting earlier failures. */
  start(options: { isSocketActivated: boolean }): Promise<void>;
  /** Nothing starts the gateway by itself any more: to be called before it is asked to stop. */
  suspend(): Promise<void>;
  /** Whatever still runs is stopped, and stays so until {@link start} or the next boot. */
  confirmStopped(): Promise<void>;
  /** Stops and forgets the service, and removes its files. */
  remove(): Promise<void>;
  /** The last lines that the service said before it had a log. */
  lastWords(): Promise<string[]>;
  /** What will end the service too early, e.g. at logout. @param options.repair  set it right where that is possible */
  concerns(options: { repair: boolean }): Promise<ServiceConcern[]>;
  /** Takes back what {@link concerns} has set right. @returns why it stays, or undefined */
  undoRepair(): Promise<string | undefined>;
  /** Registrations other than ours. */
  others(): Promise<OtherService[]>;
}
