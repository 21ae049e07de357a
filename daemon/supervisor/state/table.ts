/**
 * Transition tables as data: a row per state, a cell per event; each cell holds the next state and then the effects in order. A
 * missing cell changes nothing; the tests list every cell.
 */

type Outcome<State, Effect> = readonly [State, ...Effect[]];

export type Table<State extends string, Event extends { readonly type: string }, Effect extends string> = Readonly<
  Record<
    State,
    {
      readonly [Type in Event['type']]?:
        | Outcome<State, Effect>
        | ((event: Extract<Event, { readonly type: Type }>) => Outcome<State, Effect>);
    }
  >
>;

export interface Transition<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** Returns the next state and the effects to carry out. Pure. */
export function lookUp<State extends string, Event extends { readonly type: string }, Effect extends string>(
  table: Table<State, Event, Effect>,
  state: State,
  event: Event,
): Transition<State, Effect> {
  const row = table[state] as Readonly<Partial<Record<string, Outcome<State, Effect> | ((event: Event) => Outcome<State, Effect>)>>>;
  const cell = row[event.type];
  if (cell === undefined) return { state, effects: [] };
  const [next, ...effects] = typeof cell === 'function' ? cell(event) : cell;
  return { state: next, effects };
}
