/** Command latency, time to the first answer, memory and CPU at rest. */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { launcher } from './gateway.mjs';
import { freePort, readUsage, runCommand, startProcess, waitUntilHealthy } from './processes.mjs';
import { row } from './statistics.mjs';

const bareServer = join(import.meta.dirname, 'bare-node.cjs');
const COMMAND_RUNS = 30;
const START_RUNS = 8;
/** A minute after its start a gateway checks its database once; afterwards it is at rest. */
const SETTLE_MS = 75_000;
const IDLE_WINDOW_MS = 20_000;

/** Commands against a running gateway, in turn with the bare interpreter. */
export async function measureCommands(gateway) {
  const commands = {
    'gateway status': ['gateway', 'status'],
    'gateway status --json': ['gateway', 'status', '--json'],
    '--version': ['--version'],
  };
  const samples = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  const floor = [];
  for (let run = 0; run < COMMAND_RUNS; run++) {
    floor.push((await runCommand(process.execPath, ['-e', '0'], gateway.env)).ms);
    for (const [name, args] of Object.entries(commands)) {
      const { ms, code, stderr } = await runCommand(launcher, args, gateway.env);
      if (code !== 0) throw new Error(`xopc ${args.join(' ')} ended with ${code}: ${stderr}`);
      samples[name].push(ms);
    }
  }
  return Object.entries(samples).map(([name, measured]) =>
    row({ name: `xopc ${name}`, unit: 'ms', measured, floor, floorName: 'node -e 0' }),
  );
}

async function startBare() {
  const port = await freePort();
  const startedAt = performance.now();
  const child = startProcess(process.execPath, [bareServer, String(port)]);
  await waitUntilHealthy(port);
  return { child, ms: performance.now() - startedAt };
}

/** Starts and stops a gateway whose home exists, in turn with a bare server. */
export async function measureStart(gateway) {
  const measured = [];
  const floor = [];
  const stops = [];
  for (let run = 0; run < START_RUNS; run++) {
    const bare = await startBare();
    floor.push(bare.ms);
    bare.child.kill('SIGKILL');
    await once(bare.child, 'exit');
    measured.push(await gateway.start());
    stops.push(await gateway.stop());
  }
  return [
    row({ name: 'start to first 200 of /health', unit: 'ms', measured, floor, floorName: 'bare Node server' }),
    row({ name: 'xopc gateway stop, idle', unit: 'ms', measured: stops }),
  ];
}

/** Memory and CPU of both processes at rest, beside a bare server that rests as long. */
export async function measureIdle(gateway) {
  const { pid, worker } = await gateway.status();
  const { child } = await startBare();
  await delay(SETTLE_MS);
  const pids = { supervisor: pid, worker: worker.pid, bare: child.pid };
  const before = Object.entries(pids).map(([name, id]) => [name, readUsage(id)]);
  await delay(IDLE_WINDOW_MS);
  const usage = Object.fromEntries(
    before.map(([name, { cpuMs }]) => {
      const now = readUsage(pids[name]);
      return [name, { rssMiB: now.rssMiB, cpuPercent: ((now.cpuMs - cpuMs) / IDLE_WINDOW_MS) * 100 }];
    }),
  );
  child.kill('SIGKILL');
  const floor = [usage.bare.rssMiB];
  const memory = (name, rssMiB) => row({ name, unit: 'MiB RSS', measured: [rssMiB], floor, floorName: 'bare Node server' });
  const cpu = usage.supervisor.cpuPercent + usage.worker.cpuPercent;
  return [
    memory('supervisor at rest', usage.supervisor.rssMiB),
    memory('worker at rest', usage.worker.rssMiB),
    memory('both at rest', usage.supervisor.rssMiB + usage.worker.rssMiB),
    row({
      name: 'CPU at rest, both',
      unit: '% of a core',
      measured: [cpu],
      floor: [usage.bare.cpuPercent],
      floorName: 'bare Node server',
      note: `over ${IDLE_WINDOW_MS / 1_000} s`,
    }),
  ];
}
