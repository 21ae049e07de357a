/** The answers in progress in this worker, for watchers: the text so far of each, until the whole answer is on disk. */
import type { ToolStep } from '../../../shared/api/agent.js';
import { Waiters } from '../../../shared/waiters.js';
import type { DeltaEvent, ToolEvent } from './turn-event.js';
import type { BegunTurn } from './turn-journal.js';

export interface LiveTurn {
  readonly id: string;
  text: string;
  readonly tools: ToolStep[];
  readonly replaces: BegunTurn['replaces'];
  /** `again`: it was interrupted here, and another worker will run it again. */
  state: 'running' | 'again' | 'waiting' | 'done' | 'aborted' | 'error';
}

interface Place {
  /** Increases with each change. */
  version: number;
  turn: LiveTurn | undefined;
  /** The messages from `fromSeq` on were removed. */
  rewinds: { version: number; fromSeq: number }[];
  watchers: number;
  readonly watching: Waiters;
}

const MAX_REWINDS_KEPT = 20;

export class LiveTurns {
  readonly #places = new Map<string, Place>();

  begin({ id, session: { key: session }, replaces }: BegunTurn): void {
    const place = this.#place(session);
    place.turn = { id, text: '', tools: [], replaces, state: 'running' };
    this.#changed(session, place);
  }

  add(begun: BegunTurn, event: DeltaEvent | ToolEvent): void {
    this.#update(begun, (turn) => {
      if (event.type === 'delta') turn.text += event.text;
      else {
        const { type: _type, ...step } = event;
        turn.tools.push(step);
      }
    });
  }

  /** The answer is on disk, or will not be. */
  end(begun: BegunTurn, state: Exclude<LiveTurn['state'], 'running'>): void {
    this.#update(begun, (turn) => {
      turn.state = state;
    });
  }

  /** Wakes the watchers of a session because it has changed on disk. */
  touch(session: string): void {
    const place = this.#places.get(session);
    if (place !== undefined) this.#changed(session, place);
  }

  /** Reports that the session's messages from `fromSeq` on were removed. */
  rewind(session: string, fromSeq: number): void {
    const place = this.#places.get(session);
    if (place === undefined) return;
    place.rewinds = [...place.rewinds, { version: place.version + 1, fromSeq }].slice(-MAX_REWINDS_KEPT);
    this.#changed(session, place);
  }

  isRunning(session: string): boolean {
    return this.#places.get(session)?.turn?.state === 'running';
  }

  /** Keeps the session's state until the returned watch is closed. */
  watch(session: string): LiveWatch {
    const place = this.#place(session);
    place.watchers += 1;
    const past = place.turn?.state === 'running' ? undefined : place.turn?.id;
    return {
      past,
      get version() {
        return place.version;
      },
      get turn() {
        return place.turn;
      },
      rewoundSince: (version) => {
        const numbers = place.rewinds.filter((rewind) => rewind.version > version).map(({ fromSeq }) => fromSeq);
        return numbers.length === 0 ? undefined : Math.min(...numbers);
      },
      changed: (version, signal) => (place.version === version ? place.watching.wait(signal) : Promise.resolve()),
      close: () => {
        place.watchers -= 1;
        this.#tidy(session, place);
      },
    };
  }

  #place(session: string): Place {
    const place = this.#places.get(session) ?? { version: 0, turn: undefined, rewinds: [], watchers: 0, watching: new Waiters() };
    this.#places.set(session, place);
    return place;
  }

  #update({ id, session: { key: session } }: BegunTurn, change: (turn: LiveTurn) => void): void {
    const place = this.#places.get(session);
    if (place?.turn?.id !== id) return;
    change(place.turn);
    this.#changed(session, place);
  }

  #changed(session: string, place: Place): void {
    place.version += 1;
    place.watching.wake();
    this.#tidy(session, place);
  }

  #tidy(session: string, place: Place): void {
    if (place.watchers === 0 && place.turn?.state !== 'running') this.#places.delete(session);
  }
}

export interface LiveWatch {
  readonly version: number;
  readonly turn: LiveTurn | undefined;
  /** The turn that had ended when the watch began. */
  readonly past: string | undefined;
  /** Returns the lowest `seq` from which messages were removed after that version. */
  rewoundSince(version: number): number | undefined;
  /** Resolves when the version has changed, or with the signal. */
  changed(version: number, signal: AbortSignal): Promise<void>;
  close(): void;
}
