import { symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as tools from '../../../client/tools.js';
import { GatewayError } from '../../../shared/errors.js';
import { readIdentity } from '../../../shared/node/process/process-identity.js';
import { fakeControl } from '../../fakes/control-socket.js';
import { listenerCode, startProgram } from '../../helpers/child-program.js';
import { runCommand, startCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';
import { freePort } from '../../helpers/free-port.js';
import { gateway, recording } from '../../helpers/recorded-start.js';
import { machineSlackMs } from '../../helpers/machine-slack.js';

describe('a start where nothing is in the way', () => {
  test.each([[['gateway', 'start']], [['gateway', '--background']]])(
    '%j returns when the gateway serves, and prints where',
    async (words) => {
      const paths = testPaths();
      const port = await freePort();
      const { runtime, background } = recording(paths);
      const { code, stdout } = await runCommand([...words, '--port', String(port), '--host', '127.0.0.1', '--token', 't0k3n'], {
        home: paths.home,
        runtime,
      });
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^✅ Gateway is running \\(pid 4711\\)\\n {3}URL: http://localhost:${port}\\n`));
      expect(stdout).toContain('xopc gateway status');
      expect(background).toEqual([{ flags: { port, host: '127.0.0.1', token: 't0k3n' }, rejected: [] }]);
    },
  );

  test('the foreground becomes the supervisor: its options, its exit code; without a terminal stdout stays empty', async () => {
    const paths = testPaths();
    const port = await freePort();
    writeFileSync(paths.configPath, '{}');
    let exit = (_code: number): void => undefined;
    const { runtime, supervisors } = recording(paths, { exitCode: new Promise((resolve) => (exit = resolve)) });
    const args = ['gateway', '--port', String(port), '--config', `${paths.home}/config.json`];
    const { out, err, exitCode } = startCommand(args, { home: paths.home, runtime });
    await expect.poll(() => err.text).toContain(`URL: http://localhost:${port}`);
    exit(7);
    expect({ code: await exitCode, stdout: out.text }).toEqual({ code: 7, stdout: '' });
    expect(supervisors).toEqual([expect.objectContaining({ foreground: true, flags: { port, configPath: paths.configPath } })]);
    expect(supervisors[0]?.environment.home).toBe(paths.home);
  });

  test('npx is named once, also where the first lines are a note', async () => {
    const paths = testPaths();
    const { runtime } = recording(paths);
    const invocation = () => ({
      entry: '/c/_npx/1/node_modules/.bin/xopc',
      variable: (name: string) => (name === 'npm_command' ? 'exec' : undefined),
    });
    const args = ['gateway', '--port', String(await freePort())];
    const { err, exitCode } = startCommand(args, { home: paths.home, runtime: { ...runtime, invocation } });
    await exitCode;
    await expect.poll(() => err.text).toContain(' npx xopc agent "hello"');
    expect(err.text).not.toContain('npx npx');
  });

  test('--json is one document', async () => {
    const paths = testPaths();
    const port = await freePort();
    const { stdout, stderr } = await runCommand(['gateway', 'start', '--json', '--port', String(port)], {
      home: paths.home,
      runtime: recording(paths).runtime,
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      started: true,
      pid: 4711,
      instanceId: 'gw_1',
      host: '127.0.0.1',
      port,
      url: `http://localhost:${port}`,
      warnings: [],
    });
  });

  describe('the warnings of the gateway', () => {
    const warnings = [{ code: 'STORE_UNAVAILABLE', message: 'nothing can be stored', hint: 'Free some space.' }];
    const block = / {3}URL: \S+\n⚠️ {2}Warnings:\n {3}STORE_UNAVAILABLE nothing can be stored\n {5}Free some space\.\n/;
    const start = async (args: string[], exitCode?: Promise<number>) => {
      const { home } = testPaths();
      const { runtime } = recording(testPaths(home), { status: { warnings }, ...(exitCode === undefined ? {} : { exitCode }) });
      return startCommand(['gateway', ...args, '--port', String(await freePort())], { home, runtime });
    };

    test.each([
      [['start'], block],
      [['start', '--json'], /"warnings": \[\n +\{\n +"code": "STORE_UNAVAILABLE"/],
    ])('are part of what %j prints', async (args, expected) => {
      const { out, exitCode } = await start(args);
      expect(await exitCode).toBe(0);
      expect(out.text).toMatch(expected);
    });

    test('are below the URL of a run in the foreground', async () => {
      let exit = (_code: number): void => undefined;
      const { err, exitCode } = await start([], new Promise((resolve) => (exit = resolve)));
      await expect.poll(() => err.text).toMatch(block);
      exit(0);
      await exitCode;
    });
  });

  test('a failed supervisor is reported with its exit code', async () => {
    const paths = testPaths();
    const error = new GatewayError('CONFIG_INVALID', { message: 'config.json:1:2 gateway.port is 0', hint: 'mend it' });
    const port = String(await freePort());
    expect(await runCommand(['gateway', '--port', port], { home: paths.home, runtime: recording(paths, { error }).runtime })).toEqual({
      code: 78,
      stdout: '',
      stderr: 'xopc: config.json:1:2 gateway.port is 0\n  mend it\n',
    });
  });

  test('a port taken in the meantime is reported with its owner', async () => {
    const paths = testPaths();
    const port = await freePort();
    const error = new GatewayError('PORT_TAKEN', { message: 'taken' });
    let pid = 0;
    const startSupervisor = async () => {
      ({ pid } = await startProgram(listenerCode({ port })));
      throw error;
    };
    const outcome = await runCommand(['gateway', 'start', '--port', String(port)], {
      home: paths.home,
      runtime: { loadTools: () => ({ ...tools, startSupervisor }) },
    });
    expect(outcome).toMatchObject({ code: 78, stderr: expect.stringContaining(`port ${port} is taken by node (pid ${pid}`) });
  });

  test('the hint for a taken port frees that port, not the one of the configuration or of another one', async () => {
    const paths = testPaths();
    const port = Number((await startProgram(listenerCode())).line);
    writeFileSync(paths.configPath, JSON.stringify({ gateway: { port: await freePort() } }));
    const address = ['--port', String(port), '--host', '127.0.0.1'];
    const { stderr } = await runCommand(['gateway', 'start', ...address, '--config', paths.configPath], { home: paths.home });
    expect(stderr).toContain(`free this one with: xopc --config ${paths.configPath} gateway --force ${address.join(' ')}\n`);
  });
});

describe('a start without --force gives way', () => {
  const refused = async (paths: ReturnType<typeof testPaths>, args: string[] = []) => {
    const { runtime, supervisors, background } = recording(paths);
    const startedAt = performance.now();
    const outcome = await runCommand(['gateway', ...args], { home: paths.home, runtime });
    expect(performance.now() - startedAt).toBeLessThan(4_000 + machineSlackMs());
    expect([...supervisors, ...background]).toEqual([]);
    return outcome;
  };

  test.each([[{}], [{ state: 'failed', ready: false }], [{ state: 'starting', ready: false }]])(
    'to a gateway that answers %j: exit code 5 with pid and port',
    async (status) => {
      const paths = testPaths();
      await fakeControl(paths.controlPath, gateway({ pid: 42, ...status }));
      expect(await refused(paths)).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('pid 42 on port 18790') });
    },
  );

  test('to one that has the lock and no socket yet', async () => {
    const paths = testPaths();
    writeLock(paths, lockRecord(paths, process.pid, { createdAt: new Date().toISOString() }));
    expect(await refused(paths)).toMatchObject({ code: 5, stderr: expect.stringContaining(`pid ${process.pid} on port 18790`) });
  });

  test('to one that does not respond: exit code 4 with the way out', async () => {
    const paths = testPaths();
    writeLock(paths, lockRecord(paths, process.pid));
    await fakeControl(paths.controlPath, () => undefined);
    expect(await refused(paths)).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/not responding, pid \d+[\s\S]*xopc gateway restart --force/),
    });
  });

  test('to another program on the port: exit code 78, named, unharmed', async () => {
    const program = await startProgram(listenerCode());
    const outcome = await refused(testPaths(), ['--port', program.line]);
    expect(outcome).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(new RegExp(`port ${program.line} is taken by node \\(pid ${program.pid}, user`)),
    });
    expect(program.child.exitCode).toBeNull();
  });

  test('to a gateway that runs with the same file under another path: exit code 5, named', async () => {
    const paths = testPaths();
    const alias = testPaths(paths.home, 'alias.json');
    writeFileSync(paths.configPath, '{}');
    symlinkSync(paths.configPath, alias.configPath);
    writeLock(paths, lockRecord(paths, process.pid));
    await fakeControl(paths.controlPath, gateway({}));
    for (const args of [[], ['--force']])
      expect(await refused(paths, ['--config', alias.configPath, ...args])).toMatchObject({
        code: 5,
        stderr: expect.stringContaining(`already runs for this configuration as ${paths.configPath}: pid ${process.pid} on port 18790`),
      });
  });

  test('to the gateway of another configuration on the port, also with --force: exit code 78, named, unharmed', async () => {
    const paths = testPaths();
    const work = testPaths(paths.home, 'work.json');
    const worker = await startProgram(listenerCode());
    const { pid, startTime } = readIdentity(worker.pid);
    writeLock(work, lockRecord(work, process.pid, { children: [{ role: 'worker', pid, startTime }] }));
    for (const args of [[], ['--force']])
      expect(await refused(paths, ['--port', worker.line, ...args])).toMatchObject({
        code: 78,
        stderr: expect.stringContaining(`port ${worker.line} is taken by the gateway that runs as ${work.configPath} (pid ${process.pid})`),
      });
    expect(worker.child.exitCode).toBeNull();
  });

  test('but not to what a dead gateway has left on the port: the new one ends that itself', async () => {
    const paths = testPaths();
    const orphan = await startProgram(listenerCode());
    writeLock(
      paths,
      lockRecord(paths, process.pid, { startTime: '1', children: [{ role: 'worker', pid: orphan.pid, startTime: orphan.startTime }] }),
    );
    const { runtime, supervisors } = recording(paths);
    expect(await runCommand(['gateway', '--port', orphan.line], { home: paths.home, runtime })).toMatchObject({ code: 0 });
    expect(supervisors).toHaveLength(1);
  });

  test('and waits for one that is stopping', async () => {
    const paths = testPaths();
    const port = await freePort();
    const stopping = await fakeControl(
      paths.controlPath,
      gateway({ desired: 'down', state: 'draining', ready: false, instanceId: 'gw_old' }),
    );
    const { runtime, background } = recording(paths);
    const running = runCommand(['gateway', 'start', '--port', String(port)], { home: paths.home, runtime });
    await expect.poll(() => stopping.requests.length).toBeGreaterThan(1);
    expect(background).toEqual([]);
    stopping.server.close();
    const outcome = await running;
    expect(outcome).toMatchObject({ code: 0, stderr: expect.stringContaining('is stopping; waiting for it') });
    expect(background).toHaveLength(1);
  });
});
