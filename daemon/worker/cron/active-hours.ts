/** Limits a schedule to the hours and days in which its job may fire, in local time of its time zone. */
import { DAY_MS, MINUTE_MS } from '../../../shared/clock.js';
import type { ActiveHours } from '../../../shared/text/active-hours.js';
import { createZoneClock } from './time-zone.js';

/** After this many times outside, a schedule counts as never firing: two years of a daily schedule. */
const MAX_SKIPS = 800;
/** Days to look back and ahead for the next start. */
const WEEK = 7;

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** The hours of a job in its time zone. "Wall" times are the local clock's time, stored as if it were UTC. */
class Hours {
  readonly #days: readonly number[] | undefined;
  readonly #fromMs: number;
  readonly #lengthMs: number;
  readonly #offsetAt: (atMs: number) => number;

  constructor({ from, to, days }: ActiveHours, timezone: string) {
    this.#days = days;
    this.#fromMs = minutesOf(from) * MINUTE_MS;
    const lengthMs = minutesOf(to) * MINUTE_MS - this.#fromMs;
    this.#lengthMs = lengthMs > 0 ? lengthMs : lengthMs + DAY_MS;
    this.#offsetAt = createZoneClock(timezone);
  }

  includes(atMs: number): boolean {
    const wall = atMs + this.#offsetAt(atMs);
    return this.#starts(wall, [-1, 0]).some((start) => wall >= start && wall < start + this.#lengthMs);
  }

  /**
   * Returns a time after this one and not after the next included one: the next start of the hours, except on days when clocks
   * change.
   */
  towardsNext(atMs: number): number {
    const wall = atMs + this.#offsetAt(atMs);
    const next = this.#starts(wall, [0, WEEK]).find((start) => start > wall) ?? wall;
    const nextMs = Math.max(Math.floor(atMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS, next - Math.max(...this.#offsetsNear(next)));
    // After clocks are set back, a time within the hours may occur again.
    return this.#changeBetween(atMs, nextMs) ?? nextMs;
  }

  /** Returns a time before this one and not before the last included one. */
  towardsLast(atMs: number): number {
    const wall = atMs + this.#offsetAt(atMs);
    const ends = this.#starts(wall, [-1 - WEEK, 0]).map((start) => start + this.#lengthMs);
    const last = ends.findLast((end) => end <= wall) ?? wall;
    const lastMs = Math.min(Math.floor(atMs / MINUTE_MS) * MINUTE_MS - 1, last - Math.min(...this.#offsetsNear(last)) - 1);
    const changeMs = this.#changeBetween(lastMs, atMs);
    return changeMs === undefined ? lastMs : changeMs - 1;
  }

  /** Returns the minute in which clocks change between two times. */
  #changeBetween(fromMs: number, untilMs: number): number | undefined {
    const before = this.#offsetAt(fromMs);
    if (this.#offsetAt(untilMs) === before) return undefined;
    let [first, last] = [Math.floor(fromMs / MINUTE_MS), Math.floor(untilMs / MINUTE_MS)];
    while (last - first > 1) {
      const middle = Math.floor((first + last) / 2);
      if (this.#offsetAt(middle * MINUTE_MS) === before) first = middle;
      else last = middle;
    }
    return last * MINUTE_MS;
  }

  /** Returns the starts on the days around a wall time, oldest first. */
  #starts(wall: number, [first, last]: readonly [number, number]): number[] {
    const today = Math.floor(wall / DAY_MS);
    const days = Array.from({ length: last - first + 1 }, (_day, index) => today + first + index);
    // 1970 began on a Thursday.
    return days.filter((day) => this.#days?.includes(((day + 3) % 7) + 1) ?? true).map((day) => day * DAY_MS + this.#fromMs);
  }

  #offsetsNear(wall: number): number[] {
    return [this.#offsetAt(wall - DAY_MS), this.#offsetAt(wall + DAY_MS)];
  }
}

/** The times of a schedule; see `schedule.ts`. */
interface Times {
  next(afterMs: number): number | null;
  last(fromMs: number, atMs: number): number | null;
}

/** Times without those outside of the hours. */
interface ActiveTimes extends Times {
  isActive(atMs: number): boolean;
  /** Returns the next time, or an earlier one outside of the hours. {@link Times.next} repeats this until it is inside. */
  look(afterMs: number): number | null;
}

/** Skips the times outside of the hours. */
export function withinHours(schedule: Times, activeHours: ActiveHours, timezone: string): ActiveTimes {
  const hours = new Hours(activeHours, timezone);
  return {
    isActive: (atMs) => hours.includes(atMs),
    look: (afterMs) => schedule.next(hours.includes(afterMs) ? afterMs : hours.towardsNext(afterMs) - 1),
    next(afterMs) {
      let atMs = schedule.next(afterMs);
      for (let skips = 0; atMs !== null && skips < MAX_SKIPS; skips += 1) {
        if (hours.includes(atMs)) return atMs;
        atMs = schedule.next(hours.towardsNext(atMs) - 1);
      }
      return null;
    },
    last(fromMs, untilMs) {
      let atMs = schedule.last(fromMs, untilMs);
      for (let skips = 0; atMs !== null && skips < MAX_SKIPS; skips += 1) {
        if (hours.includes(atMs)) return atMs;
        atMs = schedule.last(fromMs, hours.towardsLast(atMs));
      }
      return null;
    },
  };
}
