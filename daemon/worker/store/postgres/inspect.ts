/** Checks a server and its database the way a worker would use them, for `doctor`. Changes nothing. */
import type { ServerReport } from '../../../../shared/node/database-module.js';
import { placeOfDatabase } from '../../../../shared/node/config/database-url.js';
import { GatewayError } from '../../../../shared/errors.js';
import { NEWEST_SCHEMA } from '../migrations/index.js';
import { ConnectionLost, Session } from './driver.js';
import { describeFault, fixOf } from './faults.js';
import { readVersion } from './migrate.js';
import { readFacts, warningsOf } from './open.js';

/** Time limit for all checks together. */
const LIMIT_MS = 3_000;

type Problem = NonNullable<ServerReport['problem']>;

const CHECK_URL = 'Check store.url, and that the server runs and can be reached from here';

function toProblem(place: string, error: unknown): Problem {
  if (error instanceof GatewayError) return { message: error.message, fix: CHECK_URL };
  return { message: `${place} cannot be used: ${describeFault(error)}`, fix: fixOf(error) ?? CHECK_URL };
}

interface Rights {
  /** The schema in which tables are created; null if the search path has none. */
  readonly schema: string | null;
  readonly mayCreate: boolean | null;
  readonly mayChange: boolean | null;
  readonly isReadOnly: boolean;
  readonly backend: number;
  /** Whether the search extension exists or can be created. */
  readonly mayIndex: boolean;
}

const RIGHTS = `select current_schema() as schema,
  has_schema_privilege(current_schema(), 'create') as "mayCreate",
  (select has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert') and has_table_privilege(oid, 'update')
    and has_table_privilege(oid, 'delete') from pg_class where oid = to_regclass('messages')) as "mayChange",
  current_setting('transaction_read_only') = 'on' as "isReadOnly",
  pg_backend_pid() as backend,
  exists (select from pg_available_extensions where name = 'pg_trgm'
    and (installed_version is not null or has_database_privilege(current_database(), 'create'))) as "mayIndex"`;

function lacking(place: string, { schema, mayCreate, mayChange, isReadOnly }: Rights): Problem | undefined {
  if (isReadOnly)
    return {
      message: `${place} can only be read: it is a standby server, or set to read-only`,
      fix: 'Name the primary server in store.url',
    };
  if (schema === null)
    return { message: `${place} has no schema for the tables of its user`, fix: 'Run there: create schema public authorization USER' };
  if (mayCreate === false)
    return {
      message: `${place}: the user may not create tables in the schema ${schema}`,
      fix: `Run there: grant create on schema ${schema} to USER`,
    };
  if (mayChange === false)
    return {
      message: `${place}: the user may not read and write its tables`,
      fix: 'Use the user in store.url that created them, or make this one a member of it',
    };
  return undefined;
}

async function inspect(session: Session, place: string): Promise<ServerReport> {
  const facts = await readFacts(session, place);
  const { rows } = await session.run<Rights>(RIGHTS);
  const [rights] = rows;
  if (rights === undefined) throw new Error('the server returned no row');
  const schema = await readVersion(session, place);
  const isNew = schema === undefined;
  const isTooNew = schema !== undefined && schema.minimumReader > NEWEST_SCHEMA;
  const newer = { message: `${place} was changed by a newer xopc (schema ${schema?.version})`, fix: 'Use that version of xopc' };
  const state = isNew ? 'no tables yet' : `schema version ${schema.version}`;
  const pooler = rights.backend === session.processId ? '' : ', through a pooler';
  return {
    summary: `${place} answers: PostgreSQL ${facts.version}, ${state}${pooler}`,
    problem: isTooNew ? newer : lacking(place, rights),
    warnings: warningsOf(place, facts, isNew ? rights.mayIndex : facts.isIndexed),
  };
}

/** @throws ConnectionLost when all of it takes longer than {@link LIMIT_MS} */
async function withinLimit<T>(url: string, use: (session: Session) => Promise<T>): Promise<T> {
  let session: Session | undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ConnectionLost(new Error(`no answer within ${LIMIT_MS / 1_000} s`))), LIMIT_MS);
  });
  const work = Session.open(url, { timeoutMs: LIMIT_MS }).then((opened) => use((session = opened)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    session?.destroy();
    work.catch(() => undefined);
  }
}

/** See `DatabaseModule`. */
export async function inspectServer(url: string): Promise<ServerReport> {
  const place = placeOfDatabase(url);
  try {
    return await withinLimit(url, (session) => inspect(session, place));
  } catch (error) {
    return { summary: place, problem: toProblem(place, error), warnings: [] };
  }
}
