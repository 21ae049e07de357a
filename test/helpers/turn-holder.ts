/** A process that is another worker of a home's gateway, in the middle of a turn. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolvePaths } from '../../shared/node/process/paths.js';
import { startFixture } from './fixture-process.js';
import { databaseOf } from './store-engine.js';
import { buildWorkerFixture } from './worker-fixture.js';

/** Starts `wk_other`, which runs a turn in the web chat `chat`, until it is sent `end`. */
export async function startTurnHolder(home: string): Promise<ChildProcess> {
  const { dataDir, databasePath } = resolvePaths({ home, runtimeDir: home });
  const { url = databasePath } = await databaseOf(home);
  const other = startFixture(buildWorkerFixture('turn-holder'), ['wk_other', 'chat', url, dataDir]);
  await once(other, 'message');
  return other;
}
