import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Restoration, type RestorationDeps } from '../../../../daemon/supervisor/config/restoration.js';
import { deferred } from '../../../../daemon/supervisor/state/deferred.js';
import { stoppingError } from '../../../../daemon/supervisor/state/stop-plan.js';
import { GatewayError } from '../../../../shared/errors.js';
import { type GatewayPaths, resolvePaths } from '../../../../shared/node/process/paths.js';
import { commitStaging, discardStaging, makeStaging } from '../../../../shared/node/files/restore-journal.js';
import { recordingLogger } from '../../../helpers/recording-logger.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const ID = '20261124T192403Z-1a2b3c';
const quiet = (): void => undefined;
const RESTARTED = { instanceId: 'wk_new', workerPid: 7, pid: 1, succession: 'none', durationMs: 1 } as const;
const STOPPED = { stopped: true, pid: 1, cut: { requests: 0, streams: 0, sockets: 0 }, durationMs: 1 } as const;

async function setUp(supervisor: Partial<RestorationDeps['supervisor']> = {}) {
  const paths: GatewayPaths = resolvePaths({ home: join(tempDir(), 'home'), runtimeDir: '/tmp' });
  for (const path of [paths.lockDir, paths.stateDir, paths.credentialsDir]) mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(paths.configPath, 'old');
  writeFileSync(join(await makeStaging(paths, ID), 'config.json'), 'new');
  await commitStaging(paths, ID, { names: ['config.json'], createdAt: '' });
  const asked: string[] = [];
  const restoration = new Restoration({
    paths,
    log: recordingLogger().log,
    config: { noteFiles: () => void asked.push('note files') },
    supervisor: {
      desired: 'up',
      isRestarting: false,
      requestStop: async ({ purpose, timeoutMs }) => {
        asked.push(`${purpose} ${timeoutMs}`);
        return STOPPED;
      },
      requestRestart: async () => {
        asked.push('restart');
        return RESTARTED;
      },
      ...supervisor,
    },
  });
  /** What the gateway does when its workers have ended. */
  const goOn = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    await restoration.replaceState();
    restoration.resumed();
  };
  return { paths, asked, restoration, goOn, config: () => readFileSync(paths.configPath, 'utf8') };
}

test('the state is replaced between two workers, and the caller learns of the new one', async () => {
  const { restoration, goOn, asked, config, paths } = await setUp();
  const outcome = restoration.run({ id: ID, timeoutMs: 5_000 }, quiet);
  await goOn();
  expect(await outcome).toMatchObject({ instanceId: 'wk_new', workerPid: 7, replaced: join(paths.stateDir, 'replaced', ID) });
  expect(asked).toEqual(['restore 5000', 'note files', 'restart']);
  expect(config()).toBe('new');
});

test('a stop that overtakes it wins: nothing is replaced', async () => {
  const { restoration, goOn, config } = await setUp({ requestStop: () => Promise.reject(stoppingError()) });
  const outcome = restoration.run({ id: ID, timeoutMs: 5_000 }, quiet);
  await expect(outcome).rejects.toMatchObject({ code: 'STOPPING' });
  await goOn();
  expect(config()).toBe('old');
});

test('it says that it waits for a restart; where its client has given up by then, nothing is stopped', async () => {
  const inProgress = deferred<typeof RESTARTED>();
  const { restoration, paths, asked } = await setUp({ isRestarting: true, requestRestart: () => inProgress.promise });
  const said: string[] = [];
  const outcome = restoration.run({ id: ID, timeoutMs: 5_000 }, (message) => said.push(message));
  expect(said).toEqual(['a restart is in progress; the restore follows']);
  discardStaging(paths, ID);
  inProgress.resolve(RESTARTED);
  await expect(outcome).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(asked).toEqual([]);
});

test('a gateway that is stopping, an unknown restore and a second one are refused', async () => {
  const stopping = await setUp({ desired: 'down' });
  await expect(stopping.restoration.run({ id: ID, timeoutMs: 0 }, quiet)).rejects.toMatchObject({ code: 'STOPPING' });
  const { restoration, goOn } = await setUp();
  await expect(restoration.run({ id: ID.replace('a', 'f'), timeoutMs: 0 }, quiet)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const first = restoration.run({ id: ID, timeoutMs: 0 }, quiet);
  await expect(restoration.run({ id: ID, timeoutMs: 0 }, quiet)).rejects.toMatchObject({ code: 'CONFLICT' });
  await goOn();
  await first;
});

test('a failure to begin is reported, and the gateway keeps its state', async () => {
  const { restoration, goOn, config, paths } = await setUp();
  // A directory where the copy of the present configuration is to go.
  mkdirSync(join(paths.stateDir, 'restore', ID, 'config.json'));
  const outcome = restoration.run({ id: ID, timeoutMs: 0 }, quiet);
  outcome.catch(quiet);
  await goOn();
  await expect(outcome).rejects.toThrow();
  expect(config()).toBe('old');
  expect(existsSync(join(paths.stateDir, 'replaced'))).toBe(false);
});

test('a worker that does not start with the restored state fails the restore with the way back', async () => {
  const error = new GatewayError('CONFIG_INVALID', { message: 'config.json:1:1 is wrong', hint: 'Correct it.' });
  const { restoration, goOn, paths } = await setUp({ requestRestart: () => Promise.reject(error) });
  const outcome = restoration.run({ id: ID, timeoutMs: 0 }, quiet);
  await goOn();
  await expect(outcome).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('the state is restored, but') as string,
    hint: `Correct it.   Undo it with: xopc restore ${join(paths.stateDir, 'replaced', ID)}`,
  });
});
