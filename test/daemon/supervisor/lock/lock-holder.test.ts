import { once } from 'node:events';
import { linkSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type LockWorld, probeControl, refuseAlias } from '../../../../daemon/supervisor/lock/lock-holder.js';
import type { LockRecord } from '../../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../../shared/node/process/paths.js';
import { readIdentity } from '../../../../shared/node/process/process-identity.js';
import { gatewayHome } from '../../../helpers/gateway-home.js';
import { deadRecord } from '../../../helpers/lock-takers.js';
import { tempDir } from '../../../helpers/temp-dir.js';

describe('who answers on a control socket', () => {
  async function listening(answer: (socket: Socket, request: string) => void): Promise<string> {
    const path = join(tempDir(), 's');
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) => answer(socket, chunk.toString('utf8')));
    });
    server.listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return path;
  }

  test('is told by the status that it sends, asked as every client asks', async () => {
    let asked: unknown;
    const path = await listening((socket, request) => {
      asked = JSON.parse(request);
      const result = { instanceId: 'gw_1', pid: 7, port: 8, host: '::', configPath: '/c', state: 'running' };
      const frame = `${JSON.stringify({ v: 1, id: 'probe', type: 'result', result })}\n`;
      socket.write(frame.slice(0, 20));
      setImmediate(() => socket.write(frame.slice(20)));
    });
    expect(await probeControl(path)).toEqual({ instanceId: 'gw_1', pid: 7, port: 8, host: '::', configPath: '/c' });
    expect(asked).toEqual({ v: 1, id: 'probe', type: 'status' });
  });

  test('is told by a long status, too', async () => {
    const result = { instanceId: 'gw_1', pid: 7, port: 8, host: '::', configPath: '/c', warnings: ['x'.repeat(300_000)] };
    const path = await listening((socket) => socket.write(`${JSON.stringify({ v: 1, id: 'probe', type: 'result', result })}\n`));
    expect(await probeControl(path)).toMatchObject({ instanceId: 'gw_1' });
  });

  test.each([
    ['something that is no JSON', 'HTTP/1.1 400 Bad Request\n'],
    ['an error', `${JSON.stringify({ v: 1, id: 'probe', type: 'error', error: { code: 'X', message: 'no' } })}\n`],
    ['a result without an instance', `${JSON.stringify({ v: 1, id: 'probe', type: 'result', result: { pid: 1 } })}\n`],
    ['a line that never ends', 'x'.repeat(1_100_000)],
    ['null', 'null\n'],
  ])('nobody does who sends %s', async (_what, text) => {
    const path = await listening((socket) => socket.write(text));
    expect(await probeControl(path)).toBeUndefined();
  });

  test('nobody does who closes the connection', async () => {
    expect(await probeControl(await listening((socket) => socket.destroy()))).toBeUndefined();
  });

  test('nobody does where nobody listens', async () => {
    expect(await probeControl(join(tempDir(), 'none'))).toBeUndefined();
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    expect(await probeControl(file)).toBeUndefined();
  });

  test('nobody does who says nothing for a second', async () => {
    const startedAt = performance.now();
    expect(await probeControl(await listening(() => undefined))).toBeUndefined();
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });
});

describe('a configuration under two paths', () => {
  const early = '2026-03-01T12:00:00.000Z';
  const late = '2026-03-01T12:00:00.001Z';
  const world: LockWorld = { probe: () => Promise.resolve(undefined), pause: () => Promise.resolve(), now: Date.now };
  const living = (changes: Partial<LockRecord>): LockRecord => deadRecord({ ...readIdentity(), ...changes });

  /** A home whose configuration has another name: a symlink or a hard link. */
  function homeWith(other: Partial<LockRecord>, makeLink = symlinkSync): { paths: GatewayPaths; alias: string } {
    const { paths, writeConfig } = gatewayHome();
    writeConfig({});
    const alias = join(paths.home, 'alias.json');
    makeLink(paths.configPath, alias);
    const lock = join(paths.lockDir, 'gateway.0123456789abcdef.lock');
    writeFileSync(lock, JSON.stringify(living({ createdAt: early, configPath: alias, ...other })));
    return { paths, alias };
  }

  test.each([
    ['a symlink', symlinkSync],
    ['a hard link', linkSync],
  ])('%s to that of a living gateway is refused with its name', async (_what, makeLink) => {
    const { paths, alias } = homeWith({}, makeLink);
    await expect(refuseAlias(paths, living({ createdAt: late, configPath: paths.configPath }), world)).rejects.toMatchObject({
      code: 'LOCK_HELD',
      message: `a gateway already runs for this configuration as ${alias}: pid ${process.pid} on port 18790`,
      hint: `See it with: xopc gateway status --config ${alias}   Replace it with: xopc gateway --force --config ${alias}`,
    });
  });

  test('of two that start at the same moment the one with the lower id stays', async () => {
    const { paths } = homeWith({ instanceId: 'gw_b' });
    const own = (instanceId: string): LockRecord => living({ createdAt: early, instanceId });
    await expect(refuseAlias(paths, own('gw_a'), world)).resolves.toBeUndefined();
    await expect(refuseAlias(paths, own('gw_c'), world)).rejects.toMatchObject({ code: 'LOCK_HELD' });
  });

  test.each([
    ['the other is younger and gives way itself', { createdAt: late }],
    ['the other is dead', { startTime: '1' }],
    ['the other has a configuration of its own', { configPath: '/etc/hostname' }],
    ['the other has no file', { configPath: '/nowhere/config.json' }],
  ])('it starts when %s', async (_what, other) => {
    const { paths } = homeWith(other);
    await expect(refuseAlias(paths, living({ createdAt: early, instanceId: 'gw_z' }), world)).resolves.toBeUndefined();
  });

  test('its own lock and one that cannot be read are no alias', async () => {
    const { paths } = homeWith({ configPath: '' });
    writeFileSync(paths.lockPath, JSON.stringify(living({ createdAt: early, configPath: paths.configPath })));
    writeFileSync(join(paths.lockDir, 'gateway.fedcba9876543210.lock'), 'damaged');
    await expect(refuseAlias(paths, living({ createdAt: late }), world)).resolves.toBeUndefined();
  });
});
