/** PostgreSQL as the store's engine. */
import { placeOfDatabase } from '../../../../shared/node/config/database-url.js';
import type { StoreEngine } from '../engine.js';
import { MIGRATIONS } from '../migrations/index.js';
import type { Migration } from '../migrations/migration.js';
import { type ReadLimits, Session } from './driver.js';
import { classifyFault, describeFault } from './faults.js';
import { firstSchema } from './first-schema.js';
import { lineageOf } from './members/lineage.js';
import { Listener } from './members/listener.js';
import { type Lineage, type MemberOptions, Membership } from './members/membership.js';
import { openPostgres } from './open.js';

/** The SQLite migrations, with a single schema replacing those from before this engine existed. */
export function postgresMigrations(): Migration[] {
  return [firstSchema, ...MIGRATIONS.filter(({ version }) => version > firstSchema.version)];
}

export interface PostgresOptions extends MemberOptions {
  readonly url: string;
  /** Where to listen to notifications, past a pooler. Default: `url`. */
  readonly listenUrl?: string | undefined;
  /** Together with the host, identifies this gateway. */
  readonly dataDir: string;
  /** For tests. Default: of this machine and `dataDir`. */
  readonly lineage?: Lineage;
  /** For tests. Default: see `PostgresPlace`. */
  readonly readLimits?: ReadLimits;
  /** Default: those of this build. */
  readonly migrations?: readonly Migration[];
}

export interface PostgresEngine extends StoreEngine {
  /** This worker's membership among those that have the database open. */
  readonly membership: Membership;
}

export function postgresEngine(options: PostgresOptions): PostgresEngine {
  const { url, dataDir, lineage = lineageOf(dataDir), migrations = postgresMigrations() } = options;
  const place = placeOfDatabase(url);
  const listener = new Listener({ url: options.listenUrl ?? url, instanceId: options.instanceId });
  const membership = new Membership({ ...options, place, lineage, listener });
  const where = { url, place, membership, readLimits: options.readLimits };
  return {
    membership: where.membership,
    place: where.place,
    open: () => openPostgres(where, migrations),
    classify: classifyFault,
    describe: describeFault,
    // The server finds damage and repairs it, or its administrator does.
    findDamage: async () => null,
    setAside: () => Promise.reject(new Error('a database of PostgreSQL is never set aside')),
    findSetAside: () => undefined,
    identity: () => where.place,
    async readSize() {
      let session: Session | undefined;
      try {
        session = await Session.open(where.url);
        const { rows } = await session.run<{ size: number }>('select pg_database_size(current_database()) as size');
        return rows[0]?.size ?? null;
      } catch {
        return null;
      } finally {
        await session?.close();
      }
    },
  };
}
