/**
 * Writes that are no more than statements: none needs what another has given, at most whether it has changed anything, and
 * nobody waits for more than their end. So they need not run where the rest does: a thread can have them (writer-thread.ts).
 */
import { Placeholder, type PreparedStatement } from './prepare.js';
import type { Queries } from './schema.js';

/** What a statement's parameter is: the index of one of the write's values, or always the same. */
export type PlainParameter = number | { readonly constant: PlainValue };

/** A value of a plain write: what JSON keeps as it is, for so it goes to the thread. */
export type PlainValue = string | number | null;

export interface PlainStatement {
  readonly sql: string;
  readonly parameters: readonly PlainParameter[];
  /** Run only when the one before it has changed no row. */
  readonly isOtherwise: boolean;
}

/** A plain write as it is told to a thread. */
export interface PlainText<P> {
  /** The parameters that the statements use; their values are given in this order. */
  readonly names: readonly (keyof P & string)[];
  readonly statements: readonly PlainStatement[];
}

export interface PlainWrite<P> {
  /** Runs in a write. */
  run(db: Queries, parameters: P): Promise<void>;
  /** The same object each time, for a dialect. */
  text(db: Queries): PlainText<P>;
}

type Statement<P> = Pick<PreparedStatement<P, unknown>, 'run' | 'compile'>;
type Step<P> = Statement<P> | { readonly otherwise: Statement<P> };

/** As a step of a plain write: only when the step before it has changed no row. */
export function otherwise<P>(statement: Statement<P>): { readonly otherwise: Statement<P> } {
  return { otherwise: statement };
}

function describe<P>(steps: readonly Step<P>[], db: Queries): PlainText<P> {
  const names: (keyof P & string)[] = [];
  const indexOf = (name: keyof P & string): number => {
    if (!names.includes(name)) names.push(name);
    return names.indexOf(name);
  };
  const statements = steps.map((step) => {
    const isOtherwise = 'otherwise' in step;
    const { sql, parameters } = (isOtherwise ? step.otherwise : step).compile(db);
    const places = parameters.map((value) =>
      value instanceof Placeholder ? indexOf(value.name as keyof P & string) : { constant: value as PlainValue },
    );
    return { sql, parameters: places, isOtherwise };
  });
  return { names, statements };
}

/** @param steps  are run in this order, with the same parameters */
export function plainWrite<P extends Record<keyof P, PlainValue>>(...steps: readonly Step<P>[]): PlainWrite<P> {
  const texts = new WeakMap<object, PlainText<P>>();
  return {
    async run(db, parameters) {
      let changed = 0;
      for (const step of steps) {
        if (!('otherwise' in step)) changed = await step.run(db, parameters);
        else if (changed === 0) changed = await step.otherwise.run(db, parameters);
      }
    },
    text(db) {
      const { adapter } = db.getExecutor();
      const text = texts.get(adapter) ?? describe(steps, db);
      texts.set(adapter, text);
      return text;
    },
  };
}
