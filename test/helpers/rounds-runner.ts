/** Runs each test XOPC_TORTURE_ROUNDS times, each time with the next seed, and says which seed failed. Used by `npm run torture`. */
import { setMaxListeners } from 'node:events';
import type { Task, Test, VitestRunner } from '@vitest/runner';
import { TestRunner } from 'vitest';

const rounds = Number(process.env['XOPC_TORTURE_ROUNDS']);
const firstSeed = Number(process.env['XOPC_TORTURE_SEED']);

export default class RoundsRunner extends TestRunner implements VitestRunner {
  #errors = 0;

  override async onBeforeRunTask(task: Task): Promise<void> {
    if (task.type === 'test') task.repeats = rounds - 1;
    this.#errors = 0;
    await super.onBeforeRunTask(task);
  }

  override onBeforeTryTask(task: Test, options?: { repeats: number }): void {
    process.env['XOPC_TORTURE_SEED'] = String(firstSeed + (options?.repeats ?? 0));
    super.onBeforeTryTask(task);
    // Vitest listens once more in each round.
    setMaxListeners(rounds + 10, task.context.signal);
  }

  onAfterRetryTask(task: Test, { repeats }: { repeats: number }): void {
    const errors = task.result?.errors?.length ?? 0;
    if (errors > this.#errors)
      process.stdout.write(`${task.name}: round ${repeats + 1} of ${rounds} failed: --seed ${firstSeed + repeats}\n`);
    this.#errors = errors;
  }
}
