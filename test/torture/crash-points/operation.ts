/** What is cut off at each of its file-system calls, and the program that runs it in a process of its own. */
import { writeSync } from 'node:fs';

/** How a run ended. */
export interface End {
  /** `failed`: with an error; then it was run again in the same process. */
  readonly how: 'done' | 'failed' | 'killed';
  /** What it reported as done, in order. */
  readonly told: readonly unknown[];
  /** Of the run, or of its repetition in the same process. */
  readonly error?: ErrorReport;
  readonly again?: 'done' | ErrorReport;
  /** The call of the fault; undefined for a run without one. */
  readonly fault?: Fault;
}

export interface ErrorReport {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

export interface Fault {
  readonly n: number;
  readonly kind: string;
  /** `rename /…/config.json` */
  readonly call: string;
}

export interface Operation {
  readonly name: string;
  /** Makes the state that it starts from. */
  prepare(root: string): unknown;
  /** Runs it; `tell` reports a step that somebody relies on from now on. Runs again after a failure, in the same process. */
  run(root: string, tell: (step: unknown) => void): Promise<unknown>;
  /** Returns what is wrong with the files that a run left. Changes nothing. */
  check(root: string, end: End): string[] | Promise<string[]>;
  /** Whether the process ends with a failure, so that it is not run again in it. */
  readonly endsProcess?: boolean;
  /** Calls that are left out, because a library gets their failure wrong. */
  readonly leavesOut?: (call: { readonly name: string; readonly path: string }) => boolean;
  /** What sweeps up and continues afterwards; default: the operation. */
  later?(root: string, tell: (step: unknown) => void): Promise<unknown>;
}

function report(error: unknown): ErrorReport {
  const { name, message, code = '' } = error as NodeJS.ErrnoException;
  return { name, message, code };
}

const print = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);

/** The main function of the process. Its lines: `told`, `error`, `again`, and `end`, which is missing when it was killed. */
export async function drive({ run, endsProcess = false }: Operation): Promise<void> {
  const [, , root = ''] = process.argv;
  const tell = (told: unknown): void => print({ told });
  try {
    await run(root, tell);
  } catch (error) {
    print({ error: report(error) });
    // A disk that is full stays so.
    if (!endsProcess && process.env['FAULTS_KIND'] !== 'full')
      await run(root, tell).then(
        () => print({ again: 'done' }),
        (again: unknown) => print({ again: report(again) }),
      );
  }
  print({ end: true });
  process.exit(0);
}
