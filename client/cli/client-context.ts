/** What a command gets from the process that it runs in; tests give it another. */
import type { Writable } from 'node:stream';
import type { BaseContext } from 'clipanion';
import { loadBundle } from '../../shared/node/build/bundle.js';
import type { SupervisorEntry } from '../../shared/node/process/entry.js';
import { environmentValue, readEnvironment, type GatewayEnvironment } from '../../shared/node/process/env.js';
import type { DatabaseModule } from '../../shared/backup.js';
import type { PatternModule } from '../../shared/node/log/pattern-thread.js';
import type * as BackupTools from '../backup-tools.js';
import type * as ConfigTools from '../config-tools.js';
import type * as ServiceTools from '../service-tools.js';
import type * as DoctorTools from '../doctor-tools.js';
import type * as Starter from '../gateway/start-supervisor.js';

export interface ClientRuntime {
  readEnvironment(): GatewayEnvironment;
  environmentValue(name: string): string | undefined;
  loadSupervisor(): SupervisorEntry;
  /** The schema and what else only the config commands need. */
  loadConfigTools(): typeof ConfigTools;
  loadStarter(): typeof Starter;
  loadDoctorTools(): typeof DoctorTools;
  /** What only the service commands need, and the others where a service is installed. */
  loadServiceTools(): typeof ServiceTools;
  /** What only `backup` and `restore` need. */
  loadBackupTools(): typeof BackupTools;
  /** The store, without a worker. */
  loadDatabase(): DatabaseModule;
  /** What only a search for a regular expression needs. */
  loadPatterns(): PatternModule;
  /** Calls `listener` on each Ctrl-C instead of ending the process. @returns how to stop that */
  onInterrupt(listener: () => void): () => void;
}

export interface ClientContext extends BaseContext {
  readonly runtime: ClientRuntime;
}

export const processRuntime: ClientRuntime = {
  readEnvironment,
  environmentValue,
  loadSupervisor: () => loadBundle<SupervisorEntry>('supervisor'),
  loadConfigTools: () => loadBundle<typeof ConfigTools>('config'),
  loadStarter: () => loadBundle<typeof Starter>('start'),
  loadDoctorTools: () => loadBundle<typeof DoctorTools>('doctor'),
  loadServiceTools: () => loadBundle<typeof ServiceTools>('service'),
  loadBackupTools: () => loadBundle<typeof BackupTools>('backup'),
  loadDatabase: () => loadBundle<DatabaseModule>('database'),
  loadPatterns: () => loadBundle<PatternModule>('insight'),
  onInterrupt(listener) {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
};

/**
 * The process's own environment and streams; a stream that nobody asks for is not opened.
 * @param openOutput  opens stdout (1) or stderr (2), default Node's own
 */
export function processContext(openOutput?: (descriptor: 1 | 2) => Writable): ClientContext {
  let stdout: Writable | undefined;
  let stderr: Writable | undefined;
  return {
    env: {},
    colorDepth: 1,
    runtime: processRuntime,
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return (stdout ??= openOutput?.(1) ?? process.stdout);
    },
    get stderr() {
      return (stderr ??= openOutput?.(2) ?? process.stderr);
    },
  };
}
