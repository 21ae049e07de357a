/** `xopc doctor` through the real binary: beside a gateway that is down, that runs, and in a home that is in disorder. */
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Installation } from '../helpers/installation.js';
import { RealGateway } from '../helpers/real-gateway.js';

interface Check {
  readonly id: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly fix: string | null;
}

interface Report {
  readonly code: number | null;
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly repaired: readonly { readonly id: string; readonly did: string }[];
}

async function doctor(gateway: RealGateway, ...args: string[]): Promise<Report> {
  const { code, stdout } = await gateway.xopc('doctor', '--json', ...args);
  return { code, ...(JSON.parse(stdout) as Omit<Report, 'code'>) };
}

const bad = ({ checks }: Report): string[] => checks.filter(({ level }) => level === 'fail').map(({ id }) => id);
const find = ({ checks }: Report, id: string): Check | undefined => checks.find((check) => check.id === id);

test('a fresh home has no problems, and the check creates nothing', async () => {
  const gateway = await RealGateway.create();
  const report = await doctor(gateway);
  expect(bad(report)).toEqual([]);
  expect(report).toMatchObject({ code: 0, ok: true, repaired: [] });
  expect(existsSync(gateway.xopcHome)).toBe(false);
  const { code, stdout } = await gateway.xopc('doctor');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^✅ node: Node\.js /);
});

test('a gateway that runs is in order: its lock, its port, its worker, its database', async () => {
  const gateway = await RealGateway.start();
  const report = await doctor(gateway);
  expect(bad(report)).toEqual([]);
  expect(report.checks).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: 'lock', level: 'ok', message: `held by pid ${gateway.process.pid}, which answers` }),
      expect.objectContaining({ id: 'port', level: 'ok', message: `0.0.0.0:${gateway.port} is the gateway's` }),
      expect.objectContaining({ id: 'worker', level: 'ok' }),
      expect.objectContaining({ id: 'token-file', level: 'ok' }),
      expect.objectContaining({ id: 'database', level: 'ok', message: expect.stringContaining('schema version') as string }),
    ]),
  );
});

test('problems are reported with a fix; --fix repairs what is safe and reports it', async () => {
  const gateway = await RealGateway.create();
  mkdirSync(join(gateway.xopcHome, 'credentials'), { recursive: true, mode: 0o755 });
  for (const path of [gateway.xopcHome, join(gateway.xopcHome, 'credentials')]) chmodSync(path, 0o755);
  const token = join(gateway.xopcHome, 'credentials', 'token');
  writeFileSync(token, 'a-token-of-some-length-0123456789');
  chmodSync(token, 0o644);
  const config = join(gateway.xopcHome, 'config.json');
  writeFileSync(config, '{\n  "gateway": { "drainTimeoutMs": "soon" }\n}', { mode: 0o600 });
  chmodSync(config, 0o600);
  const report = await doctor(gateway);
  expect(report).toMatchObject({ code: 1, ok: false });
  expect(bad(report)).toEqual(['directories', 'token-file', 'config']);
  expect(find(report, 'config')?.message).toContain(`${config}:2:34 gateway.drainTimeoutMs`);
  expect(find(report, 'token-file')?.fix).toBe(`chmod 600 ${token}`);
  expect(statSync(token).mode & 0o777).toBe(0o644);
  const fixed = await doctor(gateway, '--fix');
  expect(fixed.repaired.map(({ id }) => id)).toEqual(['directories', 'token-file']);
  expect(bad(fixed)).toEqual(['config']);
  expect(statSync(token).mode & 0o777).toBe(0o600);
  expect(statSync(gateway.xopcHome).mode & 0o777).toBe(0o700);
});

test('a lock of a gateway that hangs, and a damaged package, are found', async () => {
  const installation = new Installation();
  const gateway = await RealGateway.start({ command: installation.command });
  installation.append('worker', 'oops');
  process.kill(gateway.process.pid, 'SIGSTOP');
  try {
    const report = await doctor(gateway);
    expect(report.code).toBe(1);
    expect(bad(report)).toEqual(['build', 'lock', 'port'].filter((id) => bad(report).includes(id)));
    expect(bad(report)).toEqual(expect.arrayContaining(['build', 'lock']));
    expect(find(report, 'build')?.message).toContain('worker.cjs differs from the build');
    expect(find(report, 'lock')?.fix).toBe('xopc gateway stop --force');
  } finally {
    process.kill(gateway.process.pid, 'SIGCONT');
  }
});
