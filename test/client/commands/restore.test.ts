import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import * as database from '../../../daemon/worker/lazy/database.js';
import { findSession } from '../../../daemon/worker/store/conversations/sessions.js';
import type { DatabaseModule } from '../../../shared/node/database-module.js';
import { fakeControl, frame } from '../../fakes/control-socket.js';
import { runCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths } from '../../helpers/lock-file.js';
import { addSession, openStore, session } from '../../helpers/open-store.js';
import { gateway } from '../../helpers/recorded-start.js';
import { tempDir } from '../../helpers/temp-dir.js';

afterEach(() => vi.unstubAllEnvs());

test('a gateway that uses the data under another path is asked to restore', async () => {
  const paths = testPaths();
  const file = join(paths.home, 'backup.tar.gz');
  await runCommand(['gateway', 'token'], { home: paths.home });
  expect(await runCommand(['backup', file], { home: paths.home })).toMatchObject({ code: 0 });
  const elsewhere = testPaths(paths.home, 'mounted-elsewhere.json');
  writeFileSync(paths.dataLockPath, JSON.stringify(lockRecord(elsewhere, process.pid)));
  const answer = gateway({}, (socket, request) => {
    socket.write(frame(request, { type: 'result', result: { replaced: '/kept' } }));
  });
  const { requests } = await fakeControl(elsewhere.controlPath, answer);
  expect(await runCommand(['restore', file], { home: paths.home })).toMatchObject({ code: 0, stdout: expect.stringContaining('/kept') });
  expect(requests.map(({ type }) => type)).toEqual(['status', 'status', 'restore']);
  // It would not start again with this.
  writeFileSync(paths.configPath, '{ "gateway": { "port": "none" } }');
  await runCommand(['backup', file, '--force'], { home: paths.home });
  const stderr = expect.stringContaining('xopc gateway stop') as string;
  expect(await runCommand(['restore', file], { home: paths.home })).toMatchObject({ code: 78, stderr });
  expect(requests.filter(({ type }) => type === 'restore')).toHaveLength(1);
});

test('the commands that backup and restore print act on the same home and configuration, and quote their paths', async () => {
  const user = tempDir();
  vi.stubEnv('HOME', user);
  const paths = testPaths(join(user, '.xopc'), 'my other.json');
  const file = join(paths.home, 'my backup.tar.gz');
  const named = ['--config', paths.configPath];
  await runCommand(['gateway', 'token', ...named], { home: paths.home });
  const written = await runCommand(['backup', file, ...named], { home: paths.home });
  expect(written.stderr).toContain(`Restore it with: xopc restore '${file}' --config '${paths.configPath}'\n`);
  const { stdout } = await runCommand(['restore', file, ...named, '--json'], { home: paths.home });
  const { undo, replaced } = JSON.parse(stdout) as { undo: string; replaced: string };
  expect(undo).toBe(`xopc restore ${replaced} --config '${paths.configPath}'`);
  writeFileSync(testPaths(paths.home).configPath, '{}');
  const ofDefault = await runCommand(['backup', join(paths.home, 'default.tar.gz')], { home: paths.home });
  expect(ofDefault.stderr).toContain(`Restore it with: xopc restore ${join(paths.home, 'default.tar.gz')}\n`);
  vi.stubEnv('HOME', tempDir());
  const ofOther = await runCommand(['restore', join(paths.home, 'default.tar.gz')], { home: paths.home });
  expect(ofOther.stdout).toContain(`Undo it with: XOPC_HOME=${paths.home} xopc restore /`);
  writeFileSync(testPaths(paths.home).configPath, '{ "store": { "url": "${NOT_SET_HERE}" } }');
  const ofServer = await runCommand(['backup', join(paths.home, 'server.tar.gz')], { home: paths.home });
  expect(ofServer.stderr).toContain('It does not contain the data in the database of store.url. ');
});

test('a backup names the variables of the service, which it does not contain', async () => {
  const paths = testPaths();
  const file = join(paths.home, 'backup.tar.gz');
  await runCommand(['gateway', 'token'], { home: paths.home });
  expect((await runCommand(['backup', file], { home: paths.home })).stderr).not.toContain('service.env');
  const serviceEnv = join(paths.home, 'service.env');
  writeFileSync(serviceEnv, 'OPENAI_API_KEY=sk-0123456789abcdef\n');
  const { stderr } = await runCommand(['backup', file, '--force'], { home: paths.home });
  expect(stderr).toContain(`It does not contain ${serviceEnv}, the variables of the service. Copy that file, too.\n`);
  const { stdout } = await runCommand(['backup', file, '--force', '--json'], { home: paths.home });
  expect(JSON.parse(stdout)).toMatchObject({ serviceEnv, entries: [{ name: 'token' }] });
});

test('a database alone is restored, and configuration and token stay, also what is changed meanwhile', async () => {
  const paths = testPaths();
  await runCommand(['gateway', 'token'], { home: paths.home });
  writeFileSync(paths.configPath, '{ "gateway": { "port": 18999 } }');
  await (await openStore({ path: paths.databasePath })).close();
  const aside = join(tempDir(), 'gateway.db.replaced-20261126T101500Z');
  const other = await openStore({ path: aside });
  await addSession(other, 'kept');
  await other.close();
  const token = readFileSync(paths.tokenPath, 'utf8');
  const loadDatabase = (): DatabaseModule => ({
    ...database,
    copyDatabase(...args) {
      writeFileSync(paths.configPath, '{ "gateway": { "port": 19000 } }');
      return database.copyDatabase(...args);
    },
  });
  expect(await runCommand(['restore', aside], { home: paths.home, runtime: { loadDatabase } })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('restored: gateway.db') as string,
  });
  const store = await openStore({ path: paths.databasePath });
  expect(await store.read((tx) => findSession(tx, session('kept').key))).toBeDefined();
  expect(readFileSync(paths.tokenPath, 'utf8')).toBe(token);
  expect(readFileSync(paths.configPath, 'utf8')).toContain('19000');
});

test('nothing is restored that would leave part of the data in another database than the rest', async () => {
  const onPostgres = (name: string): string => `{ "store": { "url": "postgres://xopc:secret@db.example/${name}" } }`;
  const home = (config: string): string => {
    const paths = testPaths();
    writeFileSync(paths.configPath, config);
    return paths.home;
  };
  const backup = async (of: string): Promise<string> => {
    const file = join(tempDir(), 'backup.tar.gz');
    const { code, stderr } = await runCommand(['backup', file], { home: of });
    expect(code).toBe(0);
    expect(stderr.includes('pg_dump --format=custom --file=xopc.dump URL')).toBe(!stderr.includes('Copying the database'));
    expect(stderr).not.toContain('secret');
    return file;
  };
  const sqlite = home('{}');
  await (await openStore({ path: testPaths(sqlite).databasePath })).close();
  const server = home(onPostgres('one'));
  const [fromSqlite, fromServer] = [await backup(sqlite), await backup(server)];
  const refusals = [
    [fromSqlite, server, 'this gateway stores everything in postgres://db.example/one, and after the restore it would be SQLite'],
    [testPaths(sqlite).databasePath, server, 'it contains a SQLite database, but store.url names postgres://db.example/one'],
    [fromServer, sqlite, 'and after the restore it would be postgres://db.example/one'],
    [
      fromServer,
      home(onPostgres('two')),
      'stores everything in postgres://db.example/two, and after the restore it would be postgres://db.example/one',
    ],
  ] as const;
  for (const [file, into, reason] of refusals) {
    const before = readFileSync(testPaths(into).configPath, 'utf8');
    const refused = await runCommand(['restore', file], { home: into });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(reason)]);
    expect(readFileSync(testPaths(into).configPath, 'utf8')).toBe(before);
  }
  for (const into of [server, testPaths().home]) {
    expect(await runCommand(['restore', fromServer], { home: into })).toMatchObject({ code: 0 });
    expect(readFileSync(testPaths(into).configPath, 'utf8')).toBe(onPostgres('one'));
  }
});

test('a damaged configuration is repaired from its backup, and is not backed up', async () => {
  const { home, configPath, databasePath } = testPaths();
  const config = '{ "store": { "url": "postgres://xopc:secret@db.example/one" } }';
  writeFileSync(configPath, config);
  const file = join(home, 'backup.tar.gz');
  expect(await runCommand(['backup', file], { home })).toMatchObject({ code: 0 });
  // Of the time before the server.
  await (await openStore({ path: databasePath })).close();
  writeFileSync(configPath, config.slice(0, -2));
  expect(await runCommand(['backup', join(home, 'other.tar.gz')], { home })).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('config.json:1:') as string,
  });
  expect(existsSync(join(home, 'other.tar.gz'))).toBe(false);
  expect(await runCommand(['restore', file], { home })).toMatchObject({ code: 0 });
  expect(readFileSync(configPath, 'utf8')).toBe(config);
});

test('a backup follows a link to a file, and replaces nothing but files', async () => {
  const { home } = testPaths();
  await runCommand(['gateway', 'token'], { home });
  const directory = tempDir();
  const [fifo, link, file] = ['fifo', 'link', 'file'].map((name) => join(directory, name)) as [string, string, string];
  execFileSync('mkfifo', [fifo]);
  symlinkSync(fifo, link);
  for (const target of [fifo, link, directory]) {
    for (const force of [[], ['--force']]) {
      const refused = await runCommand(['backup', target, ...force], { home });
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(`${target} is not a regular file`) as string });
    }
  }
  expect([lstatSync(fifo).isFIFO(), lstatSync(link).isSymbolicLink()]).toEqual([true, true]);
  const toFile = join(directory, 'to-file');
  symlinkSync('file', toFile);
  expect(await runCommand(['backup', toFile], { home })).toMatchObject({ code: 0 });
  expect([lstatSync(toFile).isSymbolicLink(), lstatSync(file).isFile()]).toEqual([true, true]);
  expect(await runCommand(['backup', toFile], { home })).toMatchObject({ code: 1, stderr: expect.stringContaining('exists') as string });
  expect(await runCommand(['backup', toFile, '--force'], { home })).toMatchObject({ code: 0 });
  expect(lstatSync(toFile).isSymbolicLink()).toBe(true);
  symlinkSync('/not-mounted/models.json', testPaths(home).modelsPath);
  const unmounted = expect.stringContaining('points to /not-mounted/models.json') as string;
  expect(await runCommand(['backup', join(directory, 'other')], { home })).toMatchObject({ code: 78, stderr: unmounted });
  expect(await runCommand(['backup', '-'], { home })).toMatchObject({ code: 2, stderr: expect.stringContaining('Name a file') as string });
});

test('a backup with an invalid configuration is made and restored with a warning, and so is the state that it replaces', async () => {
  const paths = testPaths();
  const { home } = paths;
  await runCommand(['gateway', 'token'], { home });
  const [config, models] = ['{ "gateway": { "port": "none" } }', '{ "providers": '];
  writeFileSync(paths.configPath, config);
  writeFileSync(paths.modelsPath, models);
  const file = join(tempDir(), 'backup.tar.gz');
  const written = await runCommand(['backup', file], { home });
  expect(written).toMatchObject({ code: 0, stderr: expect.stringContaining('Warning: config.json:1:') as string });
  expect(written.stderr).toContain('xopc config validate');
  const { stdout } = await runCommand(['backup', file, '--force', '--json'], { home });
  const { problems } = JSON.parse(stdout) as { problems: { file: string; key?: string }[] };
  expect(problems.map((problem) => [problem.file, problem.key])).toEqual([
    ['config.json', 'gateway.port'],
    ['models.json', undefined],
  ]);
  writeFileSync(paths.configPath, '{ "store": ');
  expect(await runCommand(['restore', file, '--check'], { home })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('can be restored') as string,
    stderr: expect.stringContaining('Warning: config.json:1:') as string,
  });
  const called = { entry: '/clone/dist/main.cjs', variable: (name: string) => (name === 'XOPC_CALLED_AS' ? './bin/xopc' : undefined) };
  const restored = await runCommand(['restore', file], { home, runtime: { invocation: () => called } });
  expect(restored).toMatchObject({ code: 0, stderr: expect.stringContaining('after the restore') as string });
  expect([readFileSync(paths.configPath, 'utf8'), readFileSync(paths.modelsPath, 'utf8')]).toEqual([config, models]);
  const [, undo = ''] = /Undo it with: XOPC_HOME=\S+ \.\/bin\/xopc restore (\S+)/.exec(restored.stdout) ?? [];
  expect(await runCommand(['restore', undo, '--json'], { home })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"code": "json-value-expected"') as string,
  });
  expect(readFileSync(paths.configPath, 'utf8')).toBe('{ "store": ');
});

test('a backup whose config.json names a provider that its models.json lacks is reported, and not restored while the gateway runs', async () => {
  const paths = testPaths();
  const { home } = paths;
  await runCommand(['gateway', 'token'], { home });
  writeFileSync(paths.configPath, '{ "agents": { "defaults": { "model": "mine/m" } } }');
  const file = join(tempDir(), 'backup.tar.gz');
  const stderr = expect.stringMatching(
    /config\.json:1:\d+ agents\.defaults\.model is 'mine\/m', .* in models\.json, which does not exist/,
  ) as string;
  expect(await runCommand(['backup', file], { home })).toMatchObject({ code: 0, stderr });
  expect(await runCommand(['restore', file, '--check'], { home })).toMatchObject({ code: 0, stderr });
  const { requests } = await fakeControl(paths.controlPath, gateway({}));
  expect(await runCommand(['restore', file], { home })).toMatchObject({ code: 78, stderr });
  expect(requests.map(({ type }) => type)).not.toContain('restore');
});
