/** Creates the store at the location configured when a worker starts, and tracks which workers have it open. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../shared/clock.js';
import { placeOfDatabase } from '../../shared/node/config/database-url.js';
import type { Config } from '../../shared/config/schema.js';
import type { StatusWarning } from '../../shared/api/gateway/status.js';
import type { WorkerVitals } from '../../shared/ipc/messages.js';
import type { LogPort } from '../../shared/log/log-port.js';
import { sayOfIssue } from '../../shared/text/sentences/issue.js';
import { enabledAccounts } from './channels/configured-accounts.js';
import { enabledAgents } from './config/agents.js';
import type { ConversationDeps } from './conversation.js';
import type { AccountName } from './store/delivery/account-leases.js';
import { type Ability, createLiveness, type Liveness, type Need } from './store/liveness.js';
import { sqliteEngine } from './store/sqlite/engine.js';
import { Store, type StoreOptions } from './store/store.js';

type UsedDeps = 'paths' | 'clock' | 'config' | 'instanceId' | 'liveInstanceIds' | 'models' | 'node' | 'loadPostgres';

interface Place extends Pick<ConversationDeps, UsedDeps> {
  /** The accounts that this worker serves, or would serve if it had their lease. */
  readonly readyAccounts: () => readonly AccountName[];
}

interface PlacedStore {
  readonly store: Store;
  readonly liveness: Liveness;
  /** A clock with the time shared by all workers on the database, for comparing due times. */
  readonly clock: Clock;
  readonly isSoleWorker: () => boolean;
  /** The gateways that share the database; empty for a file. */
  readonly nodes: () => Pick<WorkerVitals, 'nodes'>;
  /** Whether the database is a file on this machine. */
  readonly isFile: boolean;
  /** Reports that another location has been configured, which the next worker will use. */
  readonly movedWarnings: () => StatusWarning[];
}

/** Called when another gateway considered this worker dead. The error is not caught, so the supervisor starts another worker. */
function endAsByFault(error: Error): never {
  throw error;
}

/** Fingerprints of the settings that all nodes should share: one each for agents, channels, models, and what each node purges. */
function settingsOf({ config, models }: Pick<Place, 'config' | 'models'>): string {
  const { agents, channels, sessions, cron } = config();
  const purged = [sessions.retention, cron.historyRetentionDays];
  const partOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 6);
  return [agents, channels, models(), purged].map(partOf).join('-');
}

/** The work that this gateway can do. */
function servesOf(config: Config): Need[] {
  const accounts = { telegram: enabledAccounts(config, 'telegram'), webhook: enabledAccounts(config, 'webhook'), webchat: { default: {} } };
  return [
    ...enabledAgents(config).map(({ id }): Need => `agent:${id}`),
    ...Object.entries(accounts).flatMap(([channel, ids]) => Object.keys(ids).map((id): Need => `account:${channel}/${id}`)),
    ...(config.cron.enabled ? (['cron'] as const) : []),
  ];
}

/** The engine, and the other workers that have the database open. */
function openPlace(
  { url, listenUrl }: Config['store'],
  place: Place,
): Pick<PlacedStore, 'liveness' | 'clock' | 'isSoleWorker' | 'nodes'> & Pick<StoreOptions, 'engine'> {
  const {
    paths,
    clock: own,
    instanceId,
    liveInstanceIds: livingIds,
    readyAccounts,
    loadPostgres,
    node = () => ({ version: '', address: null }),
  } = place;
  if (url === undefined) {
    const liveness = createLiveness(instanceId, livingIds);
    return { engine: sqliteEngine(paths.databasePath), liveness, clock: own, isSoleWorker: () => liveness.isAlone(), nodes: () => ({}) };
  }
  const facts = () => ({ ...node(), settings: settingsOf(place) });
  const ready = (): Ability[] => readyAccounts().map((account): Ability => `ready:${account.channel}/${account.accountId}`);
  const serves = (): Ability[] => [...servesOf(place.config()), ...ready()];
  const worker = { instanceId, livingIds, facts, serves, onLost: endAsByFault };
  const engine = loadPostgres().postgresEngine({ url, listenUrl, dataDir: paths.dataDir, ...worker });
  const { membership } = engine;
  const clock: Clock = { now: () => membership.now() ?? own.now(), after: (delayMs, callback) => own.after(delayMs, callback) };
  const nodes = () => ({ nodes: membership.nodes() });
  return { engine, liveness: membership, clock, isSoleWorker: () => membership.isSole(), nodes };
}

export function createStore(place: Place, logger: LogPort): PlacedStore {
  const { config } = place;
  const { databasePath } = place.paths;
  const began = config().store;
  const { url } = began;
  const { engine, liveness, clock, isSoleWorker, nodes } = openPlace(began, place);
  return {
    store: new Store({ engine, clock, logger, isSoleWorker }),
    liveness,
    clock,
    isSoleWorker,
    nodes,
    isFile: url === undefined,
    movedWarnings: () => {
      const { url: newUrl, listenUrl } = config().store;
      if (newUrl === url && listenUrl === began.listenUrl) return [];
      const used = url === undefined ? databasePath : placeOfDatabase(url);
      const message = newUrl === url ? sayOfIssue('store-listen-moved') : sayOfIssue('store-moved', { place: used });
      return [{ code: 'STORE_MOVED', message, hint: 'Restart it with: xopc gateway restart' }];
    },
  };
}
