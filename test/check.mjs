/**
 * `npm run check`: what each commit must pass. oxlint also reports the compiler's errors, so types are checked once, and
 * runs beside the tests, which wait at times. The output of a tool is printed when it ends.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from '../bin/setup.mjs';
import { inMemory } from './memory.mjs';

/** Tests that start processes or wait for real time to pass: too slow for each commit. */
const SLOW = [
  'test/bin/**/*.test.ts',
  'test/client/commands/{run,run-force,status,stop-hung,stop-restart,stop-races}.test.ts',
  'test/client/gateway/{control-client,locate-gateway,start-supervisor,end/*}.test.ts',
  'test/client/ports/{free-port,port-owner}.test.ts',
  'test/daemon/supervisor/{gateway,config/config-watch,logs/log-rotation,socket/listen-socket-hand-over}.test.ts',
  'test/daemon/supervisor/lock/{gateway-lock,lock-holder,lock-race}.test.ts',
  'test/daemon/supervisor/workers/{child-process,worker-output,worker-process-fixtures}.test.ts',
  'test/daemon/worker/channels/telegram/conversation.test.ts',
  'test/daemon/worker/http/{connection/server,openai/ai-sdk,openai/errors}.test.ts',
  'test/daemon/worker/store/{crash,conversations/session-search}.test.ts',
  'test/helpers/postgres.test.ts',
  'test/shared/node/{config/config-write,files/crash-points,process/heap}.test.ts',
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const tool = (program, ...args) => [process.execPath, join(root, 'node_modules', program), ...args];

/** @returns whether the tool succeeded */
function run([program, ...args]) {
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(output));
      resolve(code === 0);
    });
  });
}

async function check() {
  const temporary = mkdtempSync(join(tmpdir(), 'xt'));
  const tools = [
    tool('oxfmt/bin/oxfmt', '--check'),
    tool('oxlint/bin/oxlint', '--type-aware', '--type-check', '--deny-warnings'),
    [
      ...inMemory(temporary),
      ...tool('vitest/vitest.mjs', 'run', '--project', 'unit', '--project', 'guards', ...SLOW.map((files) => `--exclude=${files}`)),
    ],
  ];
  try {
    return (await Promise.all(tools.map(run))).every(Boolean);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

process.exitCode = (await setUp(root)) && (await check()) ? 0 : 1;
