/** A hung supervisor and a hung worker under every command that ends or replaces a gateway. Through the real binary. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processesOf } from '../helpers/home-processes.js';
import { withSlack } from '../helpers/machine-slack.js';
import { isAlive, launcher, RealGateway, root, runProcess, until } from '../helpers/real-gateway.js';

const DRAIN_MS = 500;
/** From the end of the drain time to the kill. */
const KILL_MS = 300;
/** Until a command has noticed that a supervisor does not answer. */
const NOTICED_MS = 2_300;
/** What a command adds to a supervisor's drain time before it kills it. */
const SILENT_MARGIN_MS = 1_000;
/** SIGTERM of `gateway --force`. */
const TERM_MS = 700;
const FORCE_MS = 1_000;
/** Commands and gateways, three of each at once, take as long to start as so many Node processes. */
const STARTS = 80;

const PRELOAD = join(root, 'test', 'fixtures', 'block-on-signal.cjs');
/** SIGUSR2 blocks the event loop. */
const HANGS = [
  { role: 'supervisor', signal: 'SIGSTOP' },
  { role: 'supervisor', signal: 'SIGUSR2' },
  { role: 'worker', signal: 'SIGSTOP' },
] as const;
type Hang = (typeof HANGS)[number];

interface Hung {
  readonly gateway: RealGateway;
  readonly supervisor: number;
  readonly worker: number;
}

async function startHung({ role, signal }: Hang): Promise<Hung> {
  const gateway = await RealGateway.create({ NODE_OPTIONS: `--require=${PRELOAD}` });
  mkdirSync(gateway.xopcHome, { mode: 0o700 });
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ gateway: { drainTimeoutMs: DRAIN_MS } }));
  const { pid } = await gateway.run();
  const hung = { gateway, supervisor: pid, worker: gateway.workerPid() };
  process.kill(hung[role], signal);
  return hung;
}

function filesIn(gateway: RealGateway, directory: string): string[] {
  return readdirSync(join(gateway.xopcHome, directory)).filter((name) => name.startsWith('gateway.'));
}

function expectNothingLeft({ gateway }: Hung): void {
  expect([...filesIn(gateway, 'locks'), ...filesIn(gateway, 'run')]).toEqual([]);
  expect(existsSync(join(gateway.xopcHome, 'data.lock'))).toBe(false);
  expect(processesOf(gateway.home)).toEqual([]);
}

/** A gateway serves and answers; the worker before it is gone, and the supervisor where it is another one by now. */
async function expectReplaced({ gateway, supervisor, worker }: Hung): Promise<void> {
  await gateway.untilHealthy();
  const status = await gateway.status();
  expect(status).toMatchObject({ state: 'running', pid: gateway.lock().pid });
  await until('the processes before it to be gone', () => !isAlive(worker) && (status.pid === supervisor || !isAlive(supervisor)));
  expect((await gateway.xopc('gateway', 'stop', '--force')).code).toBe(0);
  expectNothingLeft({ gateway, supervisor, worker });
}

const COMMANDS: { command: string[]; limitMs: Record<Hang['role'], number>; isReplaced: boolean }[] = [
  {
    command: ['gateway', 'stop'],
    limitMs: { supervisor: NOTICED_MS + DRAIN_MS + SILENT_MARGIN_MS, worker: DRAIN_MS + KILL_MS },
    isReplaced: false,
  },
  { command: ['gateway', 'stop', '--force'], limitMs: { supervisor: FORCE_MS, worker: FORCE_MS }, isReplaced: false },
  {
    command: ['gateway', 'restart'],
    limitMs: { supervisor: NOTICED_MS + DRAIN_MS + SILENT_MARGIN_MS, worker: DRAIN_MS + KILL_MS },
    isReplaced: true,
  },
  { command: ['gateway', 'restart', '--force'], limitMs: { supervisor: NOTICED_MS, worker: DRAIN_MS + KILL_MS }, isReplaced: true },
  {
    command: ['gateway', '--background', '--force'],
    limitMs: { supervisor: NOTICED_MS + TERM_MS, worker: DRAIN_MS + KILL_MS },
    isReplaced: true,
  },
];

test.each(COMMANDS)(
  '$command ends or replaces a gateway that hangs, in its time',
  { tags: ['long'] },
  async ({ command, limitMs, isReplaced }) => {
    await Promise.all(
      HANGS.map(async (hang) => {
        const hung = await startHung(hang);
        const what = `${hang.role} ${hang.signal}`;
        const { outcome, slackMs } = await withSlack(() => hung.gateway.xopc(...command), STARTS);
        const { code, stderr, durationMs } = outcome;
        expect(code, `${what}: ${stderr}`).toBe(0);
        expect(durationMs, `${what}: ${stderr}`).toBeLessThan(limitMs[hang.role] + slackMs);
        if (isReplaced) await expectReplaced(hung);
        else expectNothingLeft(hung);
      }),
    );
  },
);

test('one that hangs is started again with its options and its environment', { tags: ['long'] }, async () => {
  const gateway = await RealGateway.create();
  const env = { ...gateway.env, OPENAI_API_KEY: 'key-of-the-first-start' };
  gateway.put('config.json', { gateway: { drainTimeoutMs: 100 } });
  const options = ['--token', 'token-of-the-first-start', '--host', '127.0.0.1'];
  const started = await runProcess(launcher, ['gateway', 'start', ...options], { env }).done;
  expect(started.code, started.stderr).toBe(0);
  const { pid } = gateway.lock();
  process.kill(pid, 'SIGSTOP');
  const restarted = await gateway.xopc('gateway', 'restart', '--force');
  expect(restarted.code, restarted.stderr).toBe(0);
  expect(gateway.lock()).toMatchObject({ host: '127.0.0.1', port: gateway.port });
  expect(gateway.lock().pid).not.toBe(pid);
  expect((await gateway.xopc('gateway', 'token', '--show')).stdout.trim()).toBe('token-of-the-first-start');
  expect(readFileSync(`/proc/${gateway.lock().pid}/environ`, 'utf8')).toContain('OPENAI_API_KEY=key-of-the-first-start');
  expect((await gateway.status()).sources).toMatchObject({ host: 'flag', port: 'env' });
});
