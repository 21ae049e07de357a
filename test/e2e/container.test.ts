/** The container image: its steps, and what runs in it. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { Container, readStages } from '../helpers/container.js';
import { installDebianPackages } from '../helpers/debian-packages.js';
import { freePort } from '../helpers/free-port.js';
import { root, until } from '../helpers/real-gateway.js';
import { tempDir } from '../helpers/temp-dir.js';

const stages = readStages();
/** What the last stage takes from the build. */
const fromBuild = stages.at(-1)?.flatMap(({ text }) => /^--from=build \/src\/(\S+)/.exec(text)?.[1] ?? []) ?? [];

test('the steps of the Containerfile name files that exist, and what is copied reaches the build', () => {
  const [first = []] = stages;
  const copied = first.filter(({ instruction }) => instruction === 'COPY').flatMap(({ text }) => text.split(' ').slice(0, -1));
  const run = first.filter(({ instruction }) => instruction === 'RUN').flatMap(({ text }) => text.match(/bin\/\S+/g) ?? []);
  expect([...copied, ...run].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').match(/(?<=^!).+$/gm);
  expect(copied.toSorted()).toEqual(allowed?.toSorted());
  expect(fromBuild.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(fromBuild.length).toBeGreaterThan(0);
});

test(
  'what is copied is enough for the build, also if only the owner of the clone can read it',
  { tags: ['long'], timeout: 180_000 },
  () => {
    const source = tempDir();
    const run = (command: string): string =>
      execFileSync('sh', ['-c', `umask 022; ${command}`], { cwd: source, stdio: 'pipe', encoding: 'utf8' });
    for (const { instruction, text } of stages[0] ?? []) {
      const paths = text.split(' ').slice(0, -1);
      if (instruction === 'COPY') {
        for (const path of paths) cpSync(join(root, path), join(source, path), { recursive: true });
        run(`chmod -R go= ${paths.join(' ')}`);
      } else if (text === 'npm ci --ignore-scripts') symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'));
      else if (instruction === 'RUN') run(text);
    }
    expect(existsSync(join(source, 'dist', 'build.json'))).toBe(true);
    const unreadable = run(`find ${fromBuild.join(' ')} ! -perm -o=r -o -type d ! -perm -o=x -o -name xopc.mjs ! -perm -o=x`);
    expect(unreadable).toBe('');
  },
);

const missing = installDebianPackages(['tini']);

interface World {
  readonly container: Container;
  readonly url: string;
  readonly volume: string;
}

const USER = '54321:54321';

function runContainer(env: Record<string, string>, volume?: string): { container: Container; volume: string } {
  const directory = mkdtempSync(join(tmpdir(), 'xopc-container-'));
  const used = volume ?? join(directory, 'volume');
  const container = new Container(directory, { user: USER, env, volume: used });
  onTestFinished(async () => {
    await container.kill();
    rmSync(directory, { recursive: true, force: true });
  });
  return { container, volume: used };
}

async function startContainer(env: Record<string, string> = {}, before?: World): Promise<World> {
  const port = await freePort();
  const { container, volume } = runContainer({ XOPC_PORT: String(port), ...env }, before?.volume);
  const url = `http://127.0.0.1:${port}`;
  const isUp = (): Promise<boolean> =>
    fetch(`${url}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
  const ended = container.process.done.then(({ code, stderr }) => Promise.reject(new Error(`ended with ${code}: ${stderr}`)));
  await Promise.race([until('a healthy container', isUp), ended]);
  return { container, url, volume };
}

/** The states of the children of a process, by name. */
function childrenOf(pid: number): string[] {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return pids.map(
    (child) =>
      /^Name:\t(.*)\n.*\nState:\t(\w)/m
        .exec(readFileSync(`/proc/${child}/status`, 'utf8'))
        ?.slice(1)
        .join(' ') ?? '',
  );
}

describe.skipIf(missing !== undefined)('the container', () => {
  beforeAll(() => expect(missing).toBe(undefined));

  test('serves any user on a read-only root, writes to its volume only, and reaps orphans', async () => {
    const { container, url, volume } = await startContainer();
    expect(await container.health()).toMatchObject({ code: 0, stdout: expect.stringContaining('Gateway is running') as string });
    const answer = await container.exec('xopc', 'agent', 'hello');
    expect(answer).toMatchObject({ code: 0, stdout: expect.stringContaining('no language model is configured') as string });
    expect((await container.exec('sh', '-c', 'echo x >/opt/xopc/x')).stderr).toContain('Read-only file system');
    expect(readdirSync(volume)).toEqual(['xopc']);

    const pid = await container.pid();
    const { stdout: orphan } = await container.exec('sh', '-c', 'sleep 60 >/dev/null 2>&1 & echo $!');
    await until('the orphan', () => childrenOf(pid).length === 2);
    expect((await container.exec('sh', '-c', `kill ${orphan}`)).code).toBe(0);
    await until('the orphan to be reaped', () => childrenOf(pid).length === 1);
    const restarted = await container.exec('xopc', 'gateway', 'restart', '--force');
    expect(restarted.code, restarted.stderr).toBe(0);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(childrenOf(pid)).toHaveLength(1);
  });

  test('shares its volume with no other, and leaves it to the next one when it is killed', async () => {
    const first = await startContainer();
    const second = runContainer({ XOPC_PORT: String(await freePort()) }, first.volume);
    expect((await second.container.process.done).code).toBe(5);
    expect((await first.container.exec('xopc', 'sessions', 'list')).code).toBe(0);
    await first.container.signal('SIGKILL');
    await startContainer({}, first);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s lets a running request finish and ends it with 0', async (signal) => {
    const provider = await startFakeOpenAi();
    onTestFinished(() => provider.close());
    provider.replyAlways({ type: 'text', parts: ['one ', 'two'], delayMs: 400 });
    const { container, url } = await startContainer({ OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: 'sk-test-0123456789' });
    const running = fetch(`${url}/api/agent`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ message: 'go', model: 'openai/fake-model' }),
    });
    await until('the model to be asked', () => provider.requests.length > 0);
    const { code, stderr } = await container.signal(signal);
    expect(code, stderr).toBe(0);
    expect(await (await running).json()).toMatchObject({ reply: 'one two' });
  });
});
