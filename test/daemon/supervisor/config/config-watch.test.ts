import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hashFiles, LOOK_MS } from '../../../../daemon/supervisor/config/config-watch.js';
import { systemClock } from '../../../../shared/clock.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { buildFixture, startFixture } from '../../../helpers/fixture-process.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { eventsOnly, LookOnDemand, Watched } from '../../../helpers/watched-config.js';

describe('a change of the content is reported', () => {
  test('when a file is written in place', async () => {
    const watched = await Watched.started();
    const seen = watched.nextChange();
    writeFileSync(watched.config, '{ "a": 1 }');
    await seen;
    expect(watched.changes).toHaveLength(1);
    watched.expectSeen('{ "a": 1 }');
  });

  test('when an editor renames a new file over it, time after time', async () => {
    const watched = await Watched.started();
    for (let save = 0; save < 3; save += 1) {
      const seen = watched.nextChange();
      writeFileSync(`${watched.config}.tmp`, `{ "save": ${save} }`);
      renameSync(`${watched.config}.tmp`, watched.config);
      await seen;
      watched.expectSeen(`{ "save": ${save} }`);
    }
    expect(watched.changes).toHaveLength(3);
  });

  test('when it is deleted, and when it is there again', async () => {
    const watched = await Watched.started();
    const deleted = watched.nextChange();
    rmSync(watched.config);
    await deleted;
    const recreated = watched.nextChange();
    writeFileSync(watched.config, '{ "back": true }');
    await recreated;
    watched.expectSeen('{ "back": true }');
    expect(watched.changes).toHaveLength(2);
  });

  test('when a file that was never there appears', async () => {
    const watched = await Watched.started();
    const seen = watched.nextChange();
    writeFileSync(watched.models, '{ "mode": "replace" }');
    await seen;
    expect(watched.changes).toEqual([hashFiles([watched.config, watched.models])]);
  });

  test.each(['config', 'models'] as const)('when %s.json is written in the moment of the start', async (name) => {
    const watched = new Watched(eventsOnly);
    onTestFinished(() => watched.watch.close());
    const seen = watched.nextChange();
    watched.watch.start();
    writeFileSync(watched[name], '{ "at": "once" }');
    await seen;
    expect(watched.changes).toEqual([hashFiles([watched.config, watched.models])]);
  });

  test('when the target of a symlink is replaced, or the link by a file, and after that by events again', async () => {
    const clock = new LookOnDemand();
    const watched = await Watched.started(clock);
    const target = join(tempDir(), 'dotfiles.json');
    writeFileSync(target, '{ "linked": 1 }');
    const linked = watched.nextChange();
    rmSync(watched.config);
    symlinkSync(target, watched.config);
    await linked;
    await watched.untilSeen(() => {
      writeFileSync(`${target}.tmp`, `{ "linked": ${Math.random()} }`);
      renameSync(`${target}.tmp`, target);
    });
    expect(watched.changes.length).toBeGreaterThan(1);
    watched.expectSeen(readFileSync(target, 'utf8'));
    rmSync(watched.config);
    writeFileSync(watched.config, '{ "a": "file" }');
    await watched.quiet();
    clock.look();
    await watched.quiet();
    // Only an event can report the next change.
    const next = watched.nextChange();
    writeFileSync(watched.config, '{ "then": "an event" }');
    await next;
    watched.expectSeen('{ "then": "an event" }');
  });

  test('when its directory is moved away and another one put in its place, and after that by events again', async () => {
    const clock = new LookOnDemand();
    const watched = await Watched.started(clock);
    const seen = watched.nextChange();
    renameSync(watched.directory, `${watched.directory}.old`);
    mkdirSync(watched.directory);
    writeFileSync(watched.config, '{ "new": "directory" }');
    clock.look();
    await seen;
    watched.expectSeen('{ "new": "directory" }');
    await watched.quiet();
    // Only an event can report the next change.
    const next = watched.nextChange();
    writeFileSync(watched.config, '{ "then": "an event" }');
    await next;
    expect(watched.changes).toHaveLength(2);
    watched.expectSeen('{ "then": "an event" }');
  });
});

describe('a periodic check finds changes without an event', () => {
  /** Nothing is awaited, so no event can have come. */
  function looked(change: (watched: Watched) => void): Watched {
    const clock = new FakeClock();
    const watched = new Watched(clock);
    onTestFinished(() => watched.watch.close());
    watched.watch.start();
    change(watched);
    clock.advance(LOOK_MS + 200);
    return watched;
  }

  test('content that changed is reported once', () => {
    const watched = looked(({ config }) => writeFileSync(config, '{ "a": 1 }'));
    expect(watched.changes).toEqual([hashFiles([watched.config, watched.models])]);
  });

  test('a file that was only touched is no change', () => {
    expect(looked(({ config }) => utimesSync(config, 1, 1)).changes).toEqual([]);
  });

  test('while the directory is missing its files are not reported', () => {
    expect(looked(({ directory }) => renameSync(directory, `${directory}.old`)).changes).toEqual([]);
  });
});

describe('one report, or none', () => {
  test('a storm of 20 saves is one change', async () => {
    const watched = await Watched.started();
    const seen = watched.nextChange();
    // Without a pause: on a busy machine it would be longer than what separates two changes.
    for (let save = 0; save < 20; save += 1) {
      writeFileSync(`${watched.config}.tmp`, `{ "save": ${save} }`);
      renameSync(`${watched.config}.tmp`, watched.config);
    }
    await seen;
    await watched.quiet();
    expect(watched.changes).toHaveLength(1);
    watched.expectSeen('{ "save": 19 }');
  });

  test('a touch, a rewrite with the same content, a reverted change and other files are not reported', async () => {
    const watched = await Watched.started();
    const before = readFileSync(watched.config);
    utimesSync(watched.config, new Date(), new Date());
    writeFileSync(watched.config, before);
    await watched.quiet();
    writeFileSync(watched.config, '{ "oops": true }');
    writeFileSync(watched.config, before);
    for (const name of ['gateway.log', 'config.json.tmp', 'other.json']) writeFileSync(join(watched.directory, name), name);
    await watched.quiet();
    expect(watched.changes).toEqual([]);
  });

  test('nothing is reported once it is closed, even where the directory was just being looked for again', async () => {
    const watched = await Watched.started(systemClock);
    renameSync(watched.directory, `${watched.directory}.old`);
    await watched.quiet();
    await watched.watch.close();
    watched.changes.length = 0;
    mkdirSync(watched.directory);
    writeFileSync(watched.config, '{ "late": true }');
    await watched.quiet();
    expect(watched.changes).toEqual([]);
  });

  test('a check on demand reports changes that the watch has not seen yet', () => {
    const watched = new Watched(eventsOnly);
    writeFileSync(watched.config, '{ "before": "start" }');
    watched.watch.check();
    watched.watch.check();
    expect(watched.changes).toEqual([hashFiles([watched.config, watched.models])]);
  });
});

test.skipIf(process.platform !== 'linux')(
  'a file that could not be read for lack of descriptors is read again, though it has not changed',
  async () => {
    const path = join(tempDir(), 'config.json');
    writeFileSync(path, '{}');
    const watcher = startFixture(buildFixture('config-watcher'), [path]);
    const changes = async (message: 'start' | 'look'): Promise<unknown> => {
      watcher.send(message);
      return ((await once(watcher, 'message')) as unknown[])[0];
    };
    const limitFiles = (soft: number): void => void execFileSync('prlimit', ['--pid', String(watcher.pid), `--nofile=${soft}:`]);
    await once(watcher, 'message');
    limitFiles(3);
    await changes('start'); // without events
    utimesSync(path, 1, 1);
    expect(await changes('look')).toBe(1);
    limitFiles(1_024);
    expect(await changes('look')).toBe(2);
  },
);

test('nothing of it keeps the process alive', async () => {
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'FSEventWrap').length;
  const watched = await Watched.started();
  const seen = watched.nextChange();
  writeFileSync(watched.config, '{ "a": 1 }');
  await seen;
  expect(process.getActiveResourcesInfo().filter((kind) => kind === 'FSEventWrap')).toHaveLength(before);
});

describe('the hash', () => {
  test('distinguishes the two files, and present from missing', () => {
    const directory = tempDir();
    const [a, b] = [join(directory, 'a'), join(directory, 'b')];
    const hashes = [hashFiles([a, b])];
    writeFileSync(a, 'x');
    hashes.push(hashFiles([a, b]));
    renameSync(a, b);
    hashes.push(hashFiles([a, b]));
    mkdirSync(a);
    hashes.push(hashFiles([a, b]));
    rmSync(b);
    writeFileSync(b, '');
    hashes.push(hashFiles([a, b]));
    expect(new Set(hashes).size).toBe(5);
  });

  test.skipIf(process.platform === 'win32')('a pipe in the place of a file does not hold anybody up', () => {
    const path = join(tempDir(), 'config.json');
    const none = hashFiles([path]);
    execFileSync('mkfifo', [path]);
    expect(hashFiles([path])).not.toBe(none);
  });
});
