/**
 * Determines which workers are alive on a database shared by several gateways. Each worker has a row, valid for 15 s by the
 * database's clock and renewed every 5 s over a session of its own. Any other worker removes an expired row while holding the write
 * lock: from then on its worker counts as dead and its writes fail, so it exits, and its supervisor starts another one with another
 * id.
 *
 * - The workers of one gateway have the same lineage. Their supervisor knows at once which of them are alive; other gateways know
 * from the rows.
 * - A worker that cannot renew its row stops in time by itself: {@link Membership.validForMs}.
 * - After the database was unavailable, no row is removed until every worker has had time to renew its own; nor when the database's
 * clock was set forward.
 */
import { sql } from 'kysely';
import type { NodeStatus } from '../../../../../shared/api/gateway/status.js';
import type { GatewayError } from '../../../../../shared/errors.js';
import { storeUnavailable } from '../../engine.js';
import type { Ability, AccountTaker, Liveness, Need } from '../../liveness.js';
import { queriesOf, type Topic, type Transaction } from '../../transaction.js';
import { beginWriting } from '../begin-writing.js';
import { Session } from '../driver.js';
import { KEEP_MARK } from '../restored.js';
import { isServedOutside, takersOutside } from './abilities.js';
import { type Listener, notification, notifications } from './listener.js';
import { LIFETIME_S, lookAgain, RENEW_MS, type Row } from './rows.js';
import { ServerClock } from './server-clock.js';

/** Two renewals within this time mean that the database was available between them. */
const ON_TIME_MS = 8_000;
/** Pause between attempts while the database does not answer. */
const RETRY_MS = 1_000;
/** Time limit of an answer; after it, the session is abandoned. */
const ANSWER_TIMEOUT_MS = 4_000;
/** How long after its expiry a row is checked again. */
const MARGIN_MS = 100;
/** How often to poll for other workers' writes while notifications arrive. */
const HEARING_LOOK_MS = 2_000;
/** The locations of work that a dead worker may have left. */
const LEFT: readonly Topic[] = ['outbox', 'inbox', 'cron'];

/** Read by each statement that renews the row. */
const SERVER_TIME = 'extract(epoch from clock_timestamp()) * 1000 as "serverMs"';

const VALID_UNTIL = `clock_timestamp() + interval '${LIFETIME_S} seconds'`;

/** Identifies a gateway by its host, the host's boot, and its data directory. The workers of one gateway share it. */
export interface Lineage {
  readonly id: string;
  /** For people. */
  readonly name: string;
}

/** What a gateway publishes about itself. */
export type NodeFacts = Pick<NodeStatus, 'version' | 'build' | 'address' | 'settings'>;

export interface MemberOptions {
  readonly facts: () => NodeFacts;
  readonly serves: () => readonly Ability[];
  readonly instanceId: string;
  /** The live workers of this gateway, as last reported by its supervisor; always includes this one. */
  readonly livingIds: () => readonly string[];
  /** Called once, when others have considered this worker dead, so that it must exit. */
  readonly onLost: (error: GatewayError) => void;
}

export interface MembershipOptions extends MemberOptions {
  readonly url: string;
  readonly place: string;
  readonly lineage: Lineage;
  readonly listener: Listener;
}

interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

const moment = (): Moment => ({ monotonicMs: performance.now(), wallMs: Date.now() });
/** A monotonic clock stops while the machine is suspended, and a wall clock may be set back. */
const msSince = ({ monotonicMs, wallMs }: Moment): number => Math.max(performance.now() - monotonicMs, Date.now() - wallMs);

export class Membership implements Liveness {
  readonly #options: MembershipOptions;
  readonly #clock = new ServerClock();
  #session: Session | undefined;
  /** When the last successful renewal was sent. */
  #renewedAt: Moment | undefined;
  #rows: readonly Row[] = [];
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #isStarted = false;
  #isStopped = false;
  #isLost = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get id(): string {
    return this.#options.instanceId;
  }

  async living(tx: Transaction): Promise<ReadonlySet<string | null | undefined>> {
    const { rows } = await sql<Pick<Row, 'id' | 'lineage'>>`select id, lineage from instances`.execute(queriesOf(tx));
    return new Set([this.id, ...rows.filter((row) => this.#mayLive(row)).map(({ id }) => id)]);
  }

  isServedElsewhere(tx: Transaction, needs: readonly Need[]): Promise<boolean> {
    return isServedOutside(tx, this.#options.lineage.id, needs);
  }

  takers(tx: Transaction): Promise<readonly AccountTaker[]> {
    return takersOutside(tx, this.#options.lineage.id);
  }

  /** Another gateway may join at any time. */
  isAlone(): boolean {
    return false;
  }

  validForMs(): number {
    return this.#renewedAt === undefined ? 0 : LIFETIME_S * 1_000 - msSince(this.#renewedAt);
  }

  /** Returns the time by the database's clock; undefined before this worker has joined. */
  now(): number | undefined {
    return this.#clock.now();
  }

  lookAgainMs(unheardMs: number): number {
    return this.#options.listener.isHearing ? HEARING_LOOK_MS : unheardMs;
  }

  onChange(topic: Topic, listener: () => void): () => void {
    return this.#options.listener.on(topic, listener);
  }

  /** Whether no other worker had the database open at the last renewal. */
  isSole(): boolean {
    return this.#others.every((row) => !this.#mayLive(row));
  }

  /** Returns the gateways as they were at the last renewal; of several workers of one gateway the newest. */
  nodes(): NodeStatus[] {
    const byLineage = new Map(this.#rows.map((row) => [row.lineage, row]));
    return [...byLineage.values()].map(({ lineage, name, version, build, address, settings, joinedAtMs, renewedAtMs }) => ({
      name,
      version,
      ...(build === null ? {} : { build }),
      address,
      settings,
      since: new Date(joinedAtMs).toISOString(),
      renewedAt: new Date(renewedAtMs).toISOString(),
      isSelf: lineage === this.#options.lineage.id,
    }));
  }

  get #others(): readonly Row[] {
    return this.#rows.filter(({ id }) => id !== this.id);
  }

  /** Adds the row. Runs in a transaction that holds the write lock. */
  async join(session: Session): Promise<void> {
    const { lineage, facts, serves } = this.#options;
    const sentAt = moment();
    const { version, build = null, address, settings } = facts();
    const joined = await session.run<{ serverMs: number }>(
      `insert into instances (id, lineage, name, version, address, settings, serves, build, renewed_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp(), ${VALID_UNTIL}) on conflict (id) do update set expires_at = excluded.expires_at
      returning ${SERVER_TIME}`,
      [this.id, lineage.id, lineage.name, version, address, settings, JSON.stringify(serves()), build],
    );
    this.#noteTime(sentAt, joined.rows);
    await this.#look(session);
    this.#renewedAt = sentAt;
  }

  /** Starts renewing the row and listening; later calls do nothing. */
  start(): void {
    this.#options.listener.start();
    // The first renewal is early: by then the gateway listens, and others can show its address.
    if (!this.#isStarted) this.#renewLater(RETRY_MS);
    this.#isStarted = true;
  }

  /** Ends this worker, whose work is then taken over. @returns the error for the caller that wanted to write */
  lost(reason = 'another gateway considered this worker dead, because it was silent for too long'): GatewayError {
    const { place, onLost } = this.#options;
    const error = storeUnavailable(place, reason, { hint: 'A new worker takes its place.' });
    if (!this.#isLost && !this.#isStopped) {
      this.#isLost = true;
      this.#renewedAt = undefined;
      clearTimeout(this.#timer);
      setImmediate(() => onLost(error));
    }
    return error;
  }

  /** Ends the renewals and the listening, and removes the row. Never rejects. */
  async leave(): Promise<void> {
    this.#isStopped = true;
    await this.#options.listener.stop();
    clearTimeout(this.#timer);
    await this.#renewing;
    try {
      await (await this.#connect()).run('delete from instances where id = $1', [this.id]);
    } catch {
      // The row expires by itself.
    }
    await this.#session?.close();
  }

  /** For workers of this gateway, the supervisor is more accurate than the rows. */
  #mayLive({ id, lineage }: Pick<Row, 'id' | 'lineage'>): boolean {
    return lineage !== this.#options.lineage.id || this.#options.livingIds().includes(id);
  }

  async #look(session: Session): Promise<void> {
    this.#rows = await lookAgain(session, this.#rows);
  }

  #noteTime({ monotonicMs }: Moment, rows: readonly { readonly serverMs: number }[]): void {
    for (const { serverMs } of rows) this.#clock.note({ sentAtMs: monotonicMs, receivedAtMs: performance.now(), serverMs });
  }

  async #connect(): Promise<Session> {
    if (this.#session === undefined || this.#session.isLost)
      this.#session = await Session.open(this.#options.url, { timeoutMs: ANSWER_TIMEOUT_MS });
    return this.#session;
  }

  #renewLater(delayMs: number): void {
    if (this.#isStopped || this.#isLost) return;
    this.#timer = setTimeout(() => {
      this.#renewing = this.#renew().then(
        (nextMs) => this.#renewLater(nextMs),
        // Writes fail too, with the reason.
        () => this.#renewLater(RETRY_MS),
      );
    }, delayMs);
    this.#timer.unref();
  }

  /** @returns after how long to renew again */
  async #renew(): Promise<number> {
    const session = await this.#connect();
    const sentAt = moment();
    const { facts, serves } = this.#options;
    const { version, address, settings } = facts();
    const { rows } = await session.run<{ serverMs: number }>(
      `with marked as (${KEEP_MARK})
      update instances set expires_at = ${VALID_UNTIL}, renewed_at = clock_timestamp(), version = $2, address = $3, settings = $4, serves = $5
      where id = $1 returning ${SERVER_TIME}, ${notification(this.id)}`,
      [this.id, version, address, settings, JSON.stringify(serves())],
    );
    if (rows.length === 0) {
      this.lost();
      return RENEW_MS;
    }
    this.#noteTime(sentAt, rows);
    const wasOnTime = this.#renewedAt !== undefined && msSince(this.#renewedAt) < ON_TIME_MS;
    this.#renewedAt = sentAt;
    await this.#look(session);
    const isOver = this.#others.filter(({ leftMs }) => leftMs <= 0);
    // Otherwise the database was unavailable, and the others are about to renew.
    if (wasOnTime && isOver.length > 0) await this.#remove(session, isOver);
    const nextMs = Math.min(...this.#others.map(({ leftMs }) => leftMs + MARGIN_MS).filter((leftMs) => leftMs > 0), RENEW_MS);
    return Math.max(nextMs, MARGIN_MS);
  }

  async #remove(session: Session, rows: readonly Row[]): Promise<void> {
    try {
      await session.exec(beginWriting());
      for (const { id } of rows) await session.run('delete from instances where id = $1 and expires_at <= clock_timestamp()', [id]);
      await session.exec(`${notifications(this.id, LEFT)}commit`);
    } catch (error) {
      await session.exec('rollback').catch(() => session.destroy());
      throw error;
    }
    await this.#look(session);
  }
}
