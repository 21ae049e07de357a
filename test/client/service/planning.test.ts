/** From options to a plan: what is chosen, and what is refused before anything is written. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chooseNode, chooseProgram } from '../../../client/service/plan/choose-program.js';
import { compareFile, handMade, keepAside } from '../../../client/service/files/file-changes.js';
import { readInstallRecord, recordPath } from '../../../client/service/files/install-record.js';
import { makePlan, refreshPlan } from '../../../client/service/plan/make-plan.js';
import { shellOnlyVariables } from '../../../client/service/plan/shell-variables.js';
import { addChecksum, CHECKSUM_COMMENT } from '../../../client/service/files/checksum.js';
import { SystemdManager } from '../../../client/service/systemd/systemd-manager.js';
import { TaskSchedulerManager } from '../../../client/service/task-scheduler/task-scheduler-manager.js';
import { resolvePaths } from '../../../shared/node/process/paths.js';
import { testEnvironment } from '../../helpers/test-environment.js';
import { makeServiceTarget } from '../../helpers/service-plan.js';
import { tempDir } from '../../helpers/temp-dir.js';

const systemd = new SystemdManager(makeServiceTarget());
const OPTIONS = { port: undefined, host: undefined, socket: false, runtime: undefined, sandbox: 'full' } as const;

function makeHome(config = '{}'): {
  home: string;
  paths: ReturnType<typeof resolvePaths>;
  environment: ReturnType<typeof testEnvironment>;
} {
  const home = tempDir();
  writeFileSync(join(home, 'config.json'), config);
  return { home, paths: resolvePaths({ home, runtimeDir: home }), environment: testEnvironment(home) };
}

describe('a plan', () => {
  test('takes the port from the option, else from the environment, and leaves the rest to the configuration', () => {
    const from = { ...makeHome(), manager: systemd };
    expect(makePlan(OPTIONS, from)).toMatchObject({ port: null, host: null, socket: null, configPath: null, drainTimeoutMs: 5_000 });
    const withEnvironment = { ...from, environment: testEnvironment(from.home, { port: 81 }) };
    expect(makePlan(OPTIONS, withEnvironment).port).toBe(81);
    expect(makePlan({ ...OPTIONS, port: 82 }, withEnvironment).port).toBe(82);
  });

  test('names a configuration that is not the one of the home', () => {
    const { home, environment } = makeHome();
    const paths = resolvePaths({ home, configPath: join(home, 'work.json'), runtimeDir: home });
    expect(makePlan(OPTIONS, { paths, environment, manager: systemd }).configPath).toBe(join(home, 'work.json'));
  });

  test.each([
    { host: '0.0.0.0', address: '0.0.0.0' },
    { host: 'localhost', address: '127.0.0.1' },
    { host: '::1', address: '::1' },
  ])('has a socket on $address for $host', ({ host, address }) => {
    const from = { ...makeHome('{ "gateway": { "port": 90 } }'), manager: systemd };
    expect(makePlan({ ...OPTIONS, host, socket: true }, from).socket).toEqual({ host: address, port: 90 });
  });

  test('follows the configuration when it is refreshed', () => {
    const { home, paths, environment } = makeHome();
    const plan = makePlan({ ...OPTIONS, socket: true }, { paths, environment, manager: systemd });
    writeFileSync(join(home, 'config.json'), '{ "gateway": { "port": 91, "drainTimeoutMs": 9000 } }');
    expect(refreshPlan(plan, paths)).toEqual({ ...plan, drainTimeoutMs: 9_000, socket: { host: '0.0.0.0', port: 91 } });
  });

  test('refuses a socket for a host name or without systemd, and a home with a line break', () => {
    const from = { ...makeHome(), manager: systemd };
    expect(() => makePlan({ ...OPTIONS, host: 'a.example', socket: true }, from)).toThrow("'a.example' is a host name");
    const windows = new TaskSchedulerManager(makeServiceTarget(), { userId: 'A' });
    expect(() => makePlan({ ...OPTIONS, socket: true }, { ...from, manager: windows })).toThrow('--socket needs systemd');
    const odd = resolvePaths({ home: join(from.home, 'a\nb'), runtimeDir: from.home });
    expect(() => makePlan(OPTIONS, { ...from, paths: odd })).toThrow('line break');
  });
});

describe('the program of a service', () => {
  const node = (path: string, version: string): string => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\necho ${version}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  test('runs with this Node, unless a version manager owns it and a system Node is suitable', () => {
    const directory = tempDir();
    const owned = join(directory, '.nvm', 'versions', 'node', 'v20.19.0', 'bin', 'node');
    const good = node(join(directory, 'good'), 'v20.19.0');
    const old = node(join(directory, 'old'), 'v20.18.3');
    const ownedToo = node(join(directory, '.volta', 'bin', 'node'), 'v24.0.0');
    expect(chooseNode('/usr/bin/node', [good])).toBe('/usr/bin/node');
    expect(chooseNode(owned, [join(directory, 'absent'), ownedToo, old, good])).toBe(good);
    expect(chooseNode(owned, [old])).toBe(owned);
  });

  test('is the package by default, and an executable only where there is one', () => {
    expect(chooseProgram(undefined)).toMatchObject({ runtime: 'node', nodePath: expect.any(String) as string });
    expect(() => chooseProgram('binary')).toThrow('no executable found at');
  });
});

describe('a file that is there already', () => {
  const text = addChecksum(`# ${CHECKSUM_COMMENT}\nA=1\n`);
  const newer = addChecksum(`# ${CHECKSUM_COMMENT}\nA=2\n`);

  test.each([
    { what: 'nothing', content: undefined, current: 'absent' },
    { what: 'the same', content: newer, current: 'same' },
    { what: 'an earlier version', content: text, current: 'outdated' },
    { what: 'an edited one', content: text.replace('A=1', 'A=3'), current: 'edited' },
    { what: "somebody else's", content: 'A=1\n', current: 'foreign' },
  ])('is told apart: $what', ({ content, current }) => {
    const path = join(tempDir(), 'unit');
    if (content !== undefined) writeFileSync(path, content);
    const change = compareFile({ path, text: newer, mode: 0o644, encoding: 'utf8' });
    expect(change.current).toBe(current);
    expect(handMade([change]) === undefined).toBe(!['edited', 'foreign'].includes(current));
  });

  test('is compared without its byte order mark', () => {
    const path = join(tempDir(), 'task.xml');
    writeFileSync(path, Buffer.from(`\ufeff${text}`, 'utf16le'));
    expect(compareFile({ path, text, mode: 0o600, encoding: 'utf16le' }).current).toBe('same');
  });
});

test('a file that is overwritten is kept beside the copies of earlier ones', () => {
  const [path, directory] = [join(tempDir(), 'a.service'), tempDir()];
  const copies = ['A=1\n', 'A=2\n', 'A=3\n'].map((text) => {
    writeFileSync(path, text);
    return keepAside(compareFile({ path, text: '', mode: 0o644, encoding: 'utf8' }), directory) ?? '';
  });
  expect(copies).toEqual(['a.service.replaced', 'a.service.2.replaced', 'a.service.3.replaced'].map((name) => join(directory, name)));
  expect(copies.map((copy) => readFileSync(copy, 'utf8'))).toEqual(['A=1\n', 'A=2\n', 'A=3\n']);
});

describe('the record of an installation', () => {
  test.each(['', '{', 'null', '[]', '{"v":2}', '{"v":1,"plan":{"marker":"upstart"}}'])('is not taken from %s', (content) => {
    const directory = tempDir();
    writeFileSync(recordPath(directory), content);
    expect(readInstallRecord(directory)).toBeUndefined();
  });
});

test('variables that only this shell has are named, those of the configuration among them, and their values are not', () => {
  const { paths } = makeHome('{ "channels": { "a": "${MY_TOKEN}", "b": "$${ESCAPED}" } }');
  const ofProviders = { GOOGLE_API_KEY: 'secret', GROQ_API_KEY: 'secret', OPENAI_BASE_URL: 'http://192.0.2.7/v1' };
  const ofNode = { https_proxy: 'http://192.0.2.8:3128', NODE_EXTRA_CA_CERTS: '/etc/ca.pem' };
  const values: Record<string, string> = { MY_TOKEN: 'secret', ESCAPED: 'x', HOME: '/', ...ofProviders, ...ofNode };
  const named = ['GOOGLE_API_KEY', 'GROQ_API_KEY', 'MY_TOKEN', 'NODE_EXTRA_CA_CERTS', 'OPENAI_BASE_URL', 'https_proxy'];
  expect(shellOnlyVariables(paths, (name) => values[name])).toEqual(named);
});
