/**
 * The answers that are being given now, for those who watch: what was said of each so far. The question is on disk, what
 * is said is too a moment later (spoken-text.ts), and when all of the answer is, it leaves this place.
 */
import type { ToolStep } from '../chat/chat-contract.js';
import { Waiters } from '../../../shared/waiters.js';

export interface LiveTurn {
  readonly id: string;
  text: string;
  readonly tools: ToolStep[];
  /** The attempt that was cut before this one, with what had been said in it. */
  readonly replaces: { readonly id: string; readonly text: string } | undefined;
  /** `again`: it was cut here, and another worker will begin it anew. */
  state: 'running' | 'again' | 'done' | 'aborted' | 'error';
}

interface Place {
  /** Grows with each change. */
  version: number;
  turn: LiveTurn | undefined;
  /** The newest message numbers from here on were taken back. */
  rewinds: { version: number; fromSeq: number }[];
  watchers: number;
  readonly watching: Waiters;
}

const MAX_REWINDS_KEPT = 20;

export class LiveTurns {
  readonly #places = new Map<string, Place>();

  begin(session: string, { id, replaces }: Pick<LiveTurn, 'id' | 'replaces'>): void {
    const place = this.#place(session);
    place.turn = { id, text: '', tools: [], replaces, state: 'running' };
    this.#changed(session, place);
  }

  say(session: string, id: string, text: string): void {
    this.#update(session, id, (turn) => {
      turn.text += text;
    });
  }

  useTool(session: string, id: string, { name, state, detail }: ToolStep): void {
    this.#update(session, id, (turn) => turn.tools.push({ name, state, detail }));
  }

  /** The answer is on disk, or will not be. */
  end(session: string, id: string, state: Exclude<LiveTurn['state'], 'running'>): void {
    this.#update(session, id, (turn) => {
      turn.state = state;
    });
  }

  /** Something in the session is on disk that was not before. */
  touch(session: string): void {
    const place = this.#places.get(session);
    if (place !== undefined) this.#changed(session, place);
  }

  rewind(session: string, fromSeq: number): void {
    const place = this.#places.get(session);
    if (place === undefined) return;
    place.rewinds = [...place.rewinds, { version: place.version + 1, fromSeq }].slice(-MAX_REWINDS_KEPT);
    this.#changed(session, place);
  }

  touchAll(): void {
    for (const [session, place] of this.#places) this.#changed(session, place);
  }

  isRunning(session: string): boolean {
    return this.#places.get(session)?.turn?.state === 'running';
  }

  get isWatched(): boolean {
    for (const place of this.#places.values()) if (place.watchers > 0) return true;
    return false;
  }

  /** From now on the session's state is kept until the returned watch is closed. */
  watch(session: string): LiveWatch {
    const place = this.#place(session);
    place.watchers += 1;
    return {
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

  #update(session: string, id: string, change: (turn: LiveTurn) => void): void {
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
  /** The lowest number from which messages were taken back after that version. */
  rewoundSince(version: number): number | undefined;
  /** Resolves when the version is another, or with the signal. */
  changed(version: number, signal: AbortSignal): Promise<void>;
  close(): void;
}
