import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogLevelOverride, LogLevels } from '../../daemon/worker/observe/log-level.js';
import { readInstallRecord } from '../../client/service/files/install-record.js';
import { GatewayError } from '../../shared/errors.js';
import { finishRestores } from '../../shared/node/files/restore-journal.js';
import { inspectLock, isLockRecord, readLock } from '../../shared/node/files/lock-record.js';
import { withFileLock } from '../../shared/node/files/file-lock.js';
import { claimPaths } from '../../shared/node/process/claim-paths.js';
import { findDataDir } from '../../shared/node/process/data-owner.js';
import { ownerPathIn } from '../../shared/node/process/owner-record.js';
import { resolvePaths } from '../../shared/node/process/paths.js';
import { classifyProcess, readIdentity } from '../../shared/node/process/process-identity.js';
import { loadOrCreateToken } from '../../shared/node/secrets/token-file.js';
import { FakeClock } from '../helpers/fake-clock.js';
import { logMemory } from '../helpers/log-memory.js';
import { deadRecord } from '../helpers/lock-takers.js';
import { lockWorld, ownRecord } from '../helpers/lock-world.js';
import { tempDir } from '../helpers/temp-dir.js';
import { fuzz } from './fuzz.js';
import { oddText, oddValue } from './values.js';

/** What is in a file: a document with fields changed or left out, cut, or something else. */
function contentOf(...documents: readonly object[]): fc.Arbitrary<Buffer> {
  const fields = documents.flatMap((document) => Object.keys(document));
  const changed = fc
    .tuple(
      fc.constantFrom(...documents),
      fc.dictionary(fc.constantFrom(...fields, 'more'), oddValue(), { maxKeys: 3, noNullPrototype: true }),
    )
    .map(([document, changes]) => JSON.stringify({ ...document, ...changes }));
  const cut = fc.tuple(changed, fc.nat(), oddText()).map(([text, at, tail]) => text.slice(0, at % (text.length + 1)) + tail);
  return fc.oneof(
    { weight: 5, arbitrary: changed.map((text) => Buffer.from(text)) },
    { weight: 2, arbitrary: cut.map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: oddValue().map((value) => Buffer.from(JSON.stringify(value))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.constantFrom(Buffer.alloc(0), Buffer.alloc(70_000, 32), Buffer.from('\0\0\0\0')) },
  );
}

const identity = readIdentity();
const child = { role: 'worker', pid: 4_711, startTime: '1' };
const lockContent = contentOf(
  ownRecord(),
  ownRecord({ startTime: null }),
  deadRecord({ children: [child] as never }),
  deadRecord({ pid: 2 ** 22 - 1 }),
  { pid: identity.pid },
);
const strangers = ['notes.txt', '.gateway.lock.note', 'gateway.lock.bak', 'gateway.lock.reclaim', '.x.tmp'];

test('whatever a lock contains, it has one owner, and no other file is touched', () =>
  fuzz(60, () =>
    fc.asyncProperty(lockContent, lockContent, async (content, dataContent) => {
      const world = lockWorld();
      for (const name of strangers) writeFileSync(join(world.directory, name), name);
      writeFileSync(world.path, content);
      writeFileSync(world.paths.dataLockPath, dataContent);
      const verdicts = [world.path, world.paths.dataLockPath].map((path) => {
        const lock = readLock(path);
        return lock === undefined ? 'dead' : classifyProcess(lock);
      });
      let isTaken = true;
      try {
        await world.acquire();
      } catch (error) {
        isTaken = false;
        if (!(error instanceof GatewayError)) throw error;
        expect(error.code).toBe('LOCK_HELD');
      }
      if (verdicts.includes('alive')) expect(isTaken).toBe(false);
      if (verdicts.every((verdict) => verdict === 'dead')) expect(isTaken).toBe(true);
      if (isTaken) {
        for (const path of [world.path, world.paths.dataLockPath]) expect(readLock(path)).toEqual(ownRecord());
        await expect(world.acquire({ instanceId: 'gw_second' })).rejects.toMatchObject({ code: 'LOCK_HELD' });
      } else if (verdicts[0] === 'alive') {
        expect(readFileSync(world.path)).toEqual(content);
      }
      for (const name of strangers) expect(readFileSync(join(world.directory, name), 'utf8')).toBe(name);
    }),
  ));

test('whatever the lock of a section contains, one is in it at a time', () =>
  fuzz(60, () => {
    const directory = tempDir();
    return fc.asyncProperty(lockContent, async (content) => {
      const path = join(directory, 'file.lock');
      writeFileSync(path, content);
      const before = inspectLock(path);
      const isHeld = before !== 'absent' && isLockRecord(before.lock) && classifyProcess(before.lock) !== 'dead';
      let inside = 0;
      const section = (): Promise<void> =>
        withFileLock(
          path,
          async () => {
            inside += 1;
            expect(inside).toBe(1);
            await Promise.resolve();
            inside -= 1;
          },
          { waitMs: isHeld ? 0 : 5_000 },
        );
      const results = await Promise.allSettled([section(), section()]);
      for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' });
      expect(results.every(({ status }) => status === 'rejected')).toBe(isHeld);
      rmSync(path, { force: true });
      rmSync(`${path}.bad`, { force: true });
      expect(readdirSync(directory)).toEqual([]);
    });
  }));

test('whatever records its owner, a home belongs to one configuration', () =>
  fuzz(40, () => {
    const home = join(tempDir(), 'xopc');
    return fc.property(
      contentOf(
        { v: 1, configPath: 'config.json' },
        { v: 1, configPath: 'work.json' },
        { v: 1, configPath: '../x' },
        { v: 2, configPath: 'a' },
      ),
      fc.option(contentOf({ v: 1, configPath: 'work.json' }), { nil: undefined }),
      (content, other) => {
        rmSync(home, { recursive: true, force: true });
        const pathsOf = (name: string) => resolvePaths({ home, runtimeDir: home, configPath: join(home, name) });
        mkdirSync(join(home, 'state'), { recursive: true, mode: 0o700 });
        writeFileSync(ownerPathIn(home), content);
        if (other !== undefined) {
          mkdirSync(join(home, 'gateways', 'feedfeedfeedfeed', 'state'), { recursive: true, mode: 0o700 });
          writeFileSync(ownerPathIn(join(home, 'gateways', 'feedfeedfeedfeed')), other);
        }
        const owners = ['config.json', 'work.json'].flatMap((name) => {
          try {
            const paths = claimPaths(pathsOf(name));
            expect(findDataDir(paths)).toBe(paths.dataDir);
            return [paths.dataDir];
          } catch (error) {
            if (!(error instanceof GatewayError)) throw error;
            expect(error.code).toBe('CONFIG_INVALID');
            return [];
          }
        });
        expect(new Set(owners).size).toBe(owners.length);
        expect(readFileSync(ownerPathIn(home))).toEqual(content);
      },
    );
  }));

const RESTORE_ID = '20261124T192403Z-1a2b3c';

test('whatever the journal of a restore contains, a start ends it as a whole, or says which file is in the way', () =>
  fuzz(60, () => {
    const home = join(tempDir(), 'xopc');
    return fc.asyncProperty(
      contentOf(
        { phase: 'applying', createdAt: '2026-11-24T19:24:03.000Z', names: ['config.json', 'token'] },
        { phase: 'staged', createdAt: '2026-11-24T19:24:03.000Z', names: [] },
      ),
      async (content) => {
        rmSync(home, { recursive: true, force: true });
        const paths = resolvePaths({ home, runtimeDir: home });
        const directory = join(dirname(paths.databasePath), 'restore', RESTORE_ID);
        mkdirSync(join(directory, 'staged'), { recursive: true });
        for (const path of [paths.lockDir, dirname(paths.tokenPath)]) mkdirSync(path, { recursive: true });
        writeFileSync(join(directory, 'journal.json'), content);
        for (const name of ['config.json', 'token']) writeFileSync(join(directory, 'staged', name), 'new');
        for (const path of [paths.configPath, paths.tokenPath, paths.modelsPath]) writeFileSync(path, 'old');
        const texts = () => [paths.configPath, paths.tokenPath].map((path) => existsSync(path) && readFileSync(path, 'utf8'));
        try {
          const begun = await finishRestores(paths);
          if (begun.length === 0) expect(texts()).toEqual(['old', 'old']);
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
          expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(RESTORE_ID) as string });
          expect(texts()).toEqual(['old', 'old']);
        }
      },
    );
  }));

test('whatever the other small files contain, they are used or left out', () =>
  fuzz(60, () => {
    const directory = tempDir();
    const token = join(directory, 'token');
    const level = join(directory, 'log-level.json');
    const levels = contentOf([{ scope: 'all', level: 'debug', untilMs: 1_000 }], { 0: 1 });
    const record = contentOf({
      unitDirectory: '/x',
      plan: { marker: 'systemd', home: '/h', name: 'n', launcherPath: '/l', program: { path: '/p' } },
    });
    return fc.property(
      levels,
      record,
      fc.oneof(
        levels,
        oddText().map((text) => Buffer.from(text)),
      ),
      (levelBytes, recordBytes, tokenBytes) => {
        writeFileSync(level, levelBytes);
        const override = new LogLevelOverride({
          clock: new FakeClock(),
          levels: new LogLevels(() => 'info'),
          logger: logMemory(),
          path: level,
        });
        expect(override.read().configured).toBe('info');
        expect(override.warnings().length).toBeLessThanOrEqual(20);
        writeFileSync(join(directory, 'install.json'), recordBytes);
        readInstallRecord(directory);
        writeFileSync(token, tokenBytes);
        try {
          expect(loadOrCreateToken(token)).toMatch(/^[\x21-\x7e]+$/);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
          expect(readFileSync(token)).toEqual(tokenBytes);
        }
      },
    );
  }));
