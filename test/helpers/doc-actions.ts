/** Steps of the documents' scenarios that no command can do: what other programs, clients and accidents do. */
import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { type FakeOpenAi, startFakeOpenAi } from '../fakes/openai/server.js';
import { listenerCode, startProgram } from './child-program.js';
import type { DocAction, DocRun } from './doc-scenario.js';
import { getProgram } from './debian-programs.js';
import { startPostgres } from './postgres.js';
import { isAlive, RealGateway, until } from './real-gateway.js';

/** The port at which documents have a model server. */
const MODEL_PORT = 11_434;

async function startModelServer(run: DocRun): Promise<FakeOpenAi> {
  const fake = await startFakeOpenAi();
  onTestFinished(() => fake.close());
  run.usePort(MODEL_PORT, Number(new URL(fake.baseUrl).port));
  return fake;
}

async function crashWorker({ gateway }: DocRun): Promise<void> {
  const pid = await until('a worker', () => {
    const found = gateway.findWorkerPid();
    return found !== undefined && isAlive(found) && found;
  });
  process.kill(pid, 'SIGSEGV');
  await until('the worker to be gone', () => !isAlive(pid));
}

async function crashUntilFailed(run: DocRun): Promise<void> {
  for (;;) {
    const { state, fallback } = await run.gateway.status();
    if (state === 'failed') {
      if (fallback) return;
    } else if (run.gateway.findWorkerPid() !== undefined) await crashWorker(run);
  }
}

async function beginRequest(run: DocRun): Promise<void> {
  const answer = fetch(`${run.gateway.url}/api/agent`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: 'take your time' }),
  });
  answer.then((response) => response.text()).catch(() => undefined);
  await until('the request to be in flight', async () => (await run.gateway.status()).worker?.inFlight === 1);
}

const untilAnswers = (port: number, path: string, expected: (text: string, status: number) => boolean): Promise<unknown> =>
  until(`${path} to answer as expected`, () =>
    fetch(`http://127.0.0.1:${port}${path}`).then(
      async (response) => expected(await response.text(), response.status),
      () => false,
    ),
  );

const databaseOf = ({ gateway }: DocRun): string => join(gateway.xopcHome, 'state', 'gateway.db');

/** The gateway is not running: nothing has the database open. */
function spoilDatabase(run: DocRun): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${databaseOf(run)}${suffix}`, { force: true });
  mkdirSync(databaseOf(run));
}

async function repairDatabase(run: DocRun): Promise<void> {
  rmdirSync(databaseOf(run));
  const body = JSON.stringify({ message: 'hello' });
  await until('messages to be stored again', () =>
    fetch(`${run.gateway.url}/api/agent`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
      (answer) => answer.ok,
    ),
  );
}

/** A new one, with its tools; the gateway of the scenario is configured to use it. */
async function useDatabase({ env, gateway }: DocRun): Promise<void> {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.close());
  const tools = getProgram('postgres');
  Object.assign(env, tools.env, { XOPC_DATABASE_URL: await postgres.createDatabase(), PATH: `${tools.directory}:${env['PATH']}` });
  writeStore(gateway);
}

function writeStore({ xopcHome, paths }: RealGateway): void {
  mkdirSync(xopcHome, { recursive: true });
  if (!existsSync(paths.configPath)) writeFileSync(paths.configPath, '{ "store": { "url": "${XOPC_DATABASE_URL}" } }');
}

async function startAnotherNode(run: DocRun): Promise<void> {
  await useDatabase(run);
  const other = await RealGateway.create({ XOPC_DATABASE_URL: run.env['XOPC_DATABASE_URL'] ?? '' });
  writeStore(other);
  await other.run();
}

export const DOC_ACTIONS: Readonly<Record<string, DocAction>> = {
  'start a model server': async (run) => void (await startModelServer(run)),
  'start a model server that never finishes': async (run) => {
    const fake = await startModelServer(run);
    fake.replyAlways({ ...says('well', 'then'), gate: { before: 1, until: new Promise(() => undefined) } });
  },
  'begin a request': beginRequest,
  'use a database': useDatabase,
  'start another node': startAnotherNode,
  'crash the worker once': async (run) => {
    const pid = run.gateway.workerPid();
    await crashWorker(run);
    await run.gateway.untilReplaced(pid);
  },
  'crash the worker until it is given up for a while': crashUntilFailed,
  'freeze the supervisor': async ({ gateway }) => void process.kill((await gateway.status()).pid, 'SIGSTOP'),
  'put a directory in the place of the database': async (run) => spoilDatabase(run),
  'take the directory away and wait until messages are stored': repairDatabase,
  'another program listens on the port': async ({ gateway }) =>
    void (await startProgram(listenerCode({ host: '0.0.0.0', port: gateway.port }))),
  'wait until it listens on port 9000': (run) =>
    untilAnswers(run.port(9_000), '/health', (_text, status) => status === 200).then(() => undefined),
  'wait until local/qwen3 is listed': ({ gateway }) =>
    untilAnswers(gateway.port, '/api/models', (text) => text.includes('"local/qwen3"')).then(() => undefined),
  'wait until the token is needed': ({ gateway }) =>
    untilAnswers(gateway.port, '/api/models', (_text, status) => status === 401).then(() => undefined),
};
