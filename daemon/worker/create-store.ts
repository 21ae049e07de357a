/** The store in the place that the configuration names when a worker starts. */
import type { Clock } from '../../shared/clock.js';
import { placeOfDatabase } from '../../shared/node/config/database-url.js';
import type { Config } from '../../shared/config/schema.js';
import type { StatusWarning } from '../../shared/control/messages.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import type * as postgres from './lazy/postgres.js';
import { sqliteEngine } from './store/sqlite/engine.js';
import { Store, type StoreOptions } from './store/store.js';

export type PostgresModule = typeof postgres;

interface Place {
  readonly paths: GatewayPaths;
  readonly clock: Clock;
  readonly config: () => Config;
  readonly loadPostgres: () => PostgresModule;
}

interface PlacedStore {
  readonly store: Store;
  /** Whether it is a file of this machine. */
  readonly isFile: boolean;
  /** Says that another place is configured by now: it is used from the next start of a worker on. */
  readonly movedWarnings: () => StatusWarning[];
}

export function createStore(
  { paths: { databasePath, dataDir }, clock, config, loadPostgres }: Place,
  options: Pick<StoreOptions, 'logger' | 'isSoleWorker'>,
): PlacedStore {
  const { url } = config().store;
  const engine = url === undefined ? sqliteEngine(databasePath) : loadPostgres().postgresEngine({ url, dataDir });
  return {
    store: new Store({ engine, clock, ...options }),
    isFile: url === undefined,
    movedWarnings: () => {
      if (config().store.url === url) return [];
      const place = url === undefined ? databasePath : placeOfDatabase(url);
      const message = `store.url was changed; until a restart of the gateway ${place} is used`;
      return [{ code: 'STORE_MOVED', message, hint: 'Restart it with: xopc gateway restart' }];
    },
  };
}
