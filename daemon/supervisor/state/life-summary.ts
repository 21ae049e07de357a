/** Summarizes a gateway's last 24 hours from the entries of its life log. Pure. */
import { DAY_MS, HOUR_MS, isoTime } from '../../../shared/clock.js';
import type { GatewayHealth } from '../../../shared/api/gateway/status.js';

/**
 * `start`: a supervisor's first worker accepts; `down`, `up`: no worker accepts, one does again; `crash`: a worker died while it served;
 * `restart`: a planned one is complete; `stop`, `handover`: the supervisor ends, with `handover` because a successor follows.
 */
export type LifeEvent = 'start' | 'down' | 'up' | 'crash' | 'restart' | 'stop' | 'handover';

export interface LifeEntry {
  readonly type: LifeEvent;
  readonly atMs: number;
  /** Of the supervisor. */
  readonly pid: number;
  /** Of a `start`: whether it took over from a supervisor that still ran. */
  readonly isSuccessor?: boolean;
  /** Of a `start`: when an earlier supervisor was last known to live. */
  readonly seenAtMs?: number;
}

export interface LifeSummary {
  readonly last24Hours: GatewayHealth['last24Hours'];
  readonly crashesLastHour: number;
}

type Happening = NonNullable<GatewayHealth['last24Hours']['events']>[number]['type'];

/** Limited because the status must fit into one frame of the control socket. */
const MAX_EVENTS = 50;

class Life {
  readonly events: { type: Happening; atMs: number }[] = [];
  readonly up: { fromMs: number; untilMs: number }[] = [];
  /** The supervisor without an end entry so far. */
  #owner: number | undefined;
  #isHandedOver = false;
  #upSinceMs: number | undefined;

  add({ type, atMs, pid, isSuccessor = false, seenAtMs = 0 }: LifeEntry): void {
    // Entries of a predecessor after its successor has begun to serve are ignored.
    if (type !== 'start' && type !== 'up' && this.#owner !== undefined && pid !== this.#owner) return;
    if (type === 'crash' || type === 'restart') this.events.push({ type, atMs });
    else if (type === 'down') this.#close(atMs);
    else if (type === 'stop' || type === 'handover') this.#end(atMs, type === 'handover');
    else {
      if (type === 'start') this.#begin(atMs, { isSuccessor, seenAtMs });
      this.#owner = pid;
      this.#isHandedOver = false;
      this.#upSinceMs ??= atMs;
    }
  }

  #begin(atMs: number, { isSuccessor, seenAtMs }: { isSuccessor: boolean; seenAtMs: number }): void {
    if (isSuccessor || this.#isHandedOver) this.events.push({ type: 'restart', atMs });
    else if (this.#owner === undefined) this.events.push({ type: 'start', atMs });
    else {
      // The earlier supervisor was killed, at the latest now.
      this.events.push({ type: 'crash', atMs });
      this.#close(Math.min(atMs, Math.max(this.#upSinceMs ?? 0, seenAtMs)));
    }
  }

  #end(atMs: number, isHandedOver: boolean): void {
    if (!isHandedOver) this.events.push({ type: 'stop', atMs });
    this.#close(atMs);
    this.#owner = undefined;
    this.#isHandedOver = isHandedOver;
  }

  #close(atMs: number): void {
    if (this.#upSinceMs !== undefined) this.up.push({ fromMs: this.#upSinceMs, untilMs: atMs });
    this.#upSinceMs = undefined;
  }

  finish(nowMs: number): void {
    this.#close(nowMs);
  }
}

/** @param entries  oldest first */
export function summarizeLife(entries: readonly LifeEntry[], nowMs: number): LifeSummary {
  const life = new Life();
  for (const entry of entries) life.add(entry);
  life.finish(nowMs);
  const sinceMs = Math.max(nowMs - DAY_MS, entries[0]?.atMs ?? nowMs);
  const upMs = life.up.reduce((sum, { fromMs, untilMs }) => sum + Math.max(0, untilMs - Math.max(fromMs, sinceMs)), 0);
  const countFrom = (wanted: Happening, fromMs: number): number =>
    life.events.filter(({ type, atMs }) => type === wanted && atMs >= fromMs).length;
  const events = life.events.filter(({ atMs }) => atMs >= sinceMs).toReversed();
  return {
    last24Hours: {
      since: isoTime(sinceMs),
      crashes: countFrom('crash', sinceMs),
      restarts: countFrom('restart', sinceMs),
      downMs: Math.max(0, nowMs - sinceMs - upMs),
      events: events.slice(0, MAX_EVENTS).map(({ type, atMs }) => ({ type, at: isoTime(atMs) })),
    },
    crashesLastHour: countFrom('crash', nowMs - HOUR_MS),
  };
}

/** Returns the entries that later summaries need: those of the last day, and the last state before it. */
export function pruneLife(entries: readonly LifeEntry[], nowMs: number): readonly LifeEntry[] {
  const first = entries.findLastIndex(({ type, atMs }) => atMs < nowMs - DAY_MS && type !== 'crash' && type !== 'restart');
  return first <= 0 ? entries : entries.slice(first);
}
