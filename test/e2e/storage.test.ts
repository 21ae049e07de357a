/** What is accepted while the database cannot be written, through the real binary: nothing; what was accepted is there. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, test } from 'vitest';
import { mountFuse, noFuseReason } from '../helpers/fuse-mount.js';
import { RealGateway, until } from '../helpers/real-gateway.js';
import { mountSmallDisk, noMountReason } from '../helpers/small-disk.js';

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly json: { message_id?: string; error?: { code: string; message: string } };
}

async function send(gateway: RealGateway, content: string): Promise<Answer> {
  const response = await fetch(`${gateway.url}/api/message`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ channel: 'webchat', chat_id: 'chat', content }),
  });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), json: (await response.json()) as Answer['json'] };
}

async function said(gateway: RealGateway): Promise<string[]> {
  const response = await fetch(`${gateway.url}/api/sessions/${encodeURIComponent('main:webchat:default:direct:chat')}`);
  const { messages } = (await response.json()) as { messages: { content: string }[] };
  return messages.map(({ content }) => content);
}

/** Sends one message after another until one is answered so. Their texts are told apart by what became of them. */
class Sender {
  readonly accepted: string[] = [];
  readonly refused: Answer[] = [];
  readonly #gateway: RealGateway;
  #count = 0;

  constructor(gateway: RealGateway) {
    this.#gateway = gateway;
  }

  async untilStatus(status: number): Promise<void> {
    await until(`an answer ${status}`, async () => {
      const content = `${'x'.repeat(2_000)} ${(this.#count += 1)}`;
      const answer = await send(this.#gateway, content);
      if (answer.status === 200) this.accepted.push(content);
      else this.refused.push(answer);
      return answer.status === status;
    });
  }

  /** Everything accepted is there, and nothing else, also for the next worker. @returns how many were accepted */
  async check(reason: RegExp): Promise<number> {
    for (const { status, retryAfter, json } of this.refused) {
      expect(status).toBe(503);
      expect(Number(retryAfter)).toBeGreaterThan(0);
      expect(json.error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(reason) as string });
    }
    expect(this.refused.length).toBeGreaterThan(0);
    expect(await said(this.#gateway)).toEqual(this.accepted);
    expect((await this.#gateway.xopc('gateway', 'restart')).code).toBe(0);
    expect(await said(this.#gateway)).toEqual(this.accepted);
    return this.accepted.length;
  }
}

async function isWarned(gateway: RealGateway): Promise<boolean> {
  const { warnings } = await gateway.status();
  return warnings.some(({ code }) => code === 'STORE_UNAVAILABLE');
}

/** Takes what is left of a disk that was filled but for some blocks. @returns the files that do */
function takeLastBlocks(directory: string): string[] {
  const taken: string[] = [];
  for (let number = 0; number < 16; number += 1) {
    const path = join(directory, `last-block-${number}`);
    taken.push(path);
    try {
      writeFileSync(path, 'x');
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
      return taken;
    }
  }
  throw new Error(`${directory} is not full`);
}

/** Changes of the files of the home. @returns the answers */
async function patchAll(gateway: RealGateway): Promise<Answer[]> {
  const files = [gateway.paths.configPath, gateway.paths.modelsPath];
  const before = files.map((path) => readFileSync(path, 'utf8'));
  const answers: Answer[] = [];
  for (const [path, body] of Object.entries({
    '/api/models-json': { providers: { local: { baseUrl: `http://127.0.0.1:9/${before.length}${answers.length}` } } },
    '/api/config': { logs: { level: before[0]?.includes('debug') === true ? 'info' : 'debug' } },
  })) {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${readFileSync(gateway.paths.tokenPath, 'utf8').trim()}` };
    const response = await fetch(gateway.url + path, { method: 'PATCH', headers, body: JSON.stringify(body) });
    answers.push({
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      json: (await response.json()) as Answer['json'],
    });
  }
  if (answers[0]?.status !== 200) expect(files.map((path) => readFileSync(path, 'utf8'))).toEqual(before);
  return answers;
}

describe('a disk', () => {
  /** From one fault to when it is over. */
  async function suffer(gateway: RealGateway, sender: Sender, end: () => void): Promise<void> {
    const worker = gateway.workerPid();
    await sender.untilStatus(503);
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    await until('a warning', () => isWarned(gateway));
    end();
    await sender.untilStatus(200);
    await until('no warning', async () => !(await isWarned(gateway)));
    expect(gateway.workerPid()).toBe(worker);
  }

  test('that is full: 503, a warning, and the gateway goes on by itself', async ({ skip }) => {
    if (noMountReason !== undefined) return skip(noMountReason);
    const gateway = await RealGateway.create();
    const disk = mountSmallDisk(join(gateway.xopcHome, 'state'), 8);
    for (const path of [gateway.paths.configPath, gateway.paths.modelsPath]) writeFileSync(path, '{}\n', { mode: 0o600 });
    await gateway.run();
    const sender = new Sender(gateway);
    await sender.untilStatus(200);
    // Written after the start: until then, a temporary file takes room that becomes free.
    await until('the last good copies', () => existsSync(gateway.paths.lastGoodModelsPath));
    disk.fill();
    const leftover = takeLastBlocks(join(gateway.xopcHome, 'state'));
    const refused = await patchAll(gateway);
    leftover.forEach((path) => rmSync(path));
    await suffer(gateway, sender, () => disk.free());
    for (const { status, retryAfter, json } of refused) {
      expect([status, retryAfter, json.error]).toMatchObject([
        503,
        '1',
        { code: 'UNAVAILABLE', message: expect.stringMatching(/disk.* is full.*Free/) as string },
      ]);
    }
    expect((await patchAll(gateway)).map(({ status }) => status)).toEqual([200, 200]);
    expect(await sender.check(/disk is full/)).toBeGreaterThan(1);
  });

  test('that can only be read: 503, a warning, and the gateway goes on by itself', async ({ skip }) => {
    if (noMountReason !== undefined) return skip(noMountReason);
    const gateway = await RealGateway.create();
    const disk = mountSmallDisk(join(gateway.xopcHome, 'state'), 8);
    await gateway.run();
    const sender = new Sender(gateway);
    await sender.untilStatus(200);
    // What has files open for writing cannot be made read-only.
    expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
    disk.setReadOnly(true);
    await gateway.run();
    await suffer(gateway, sender, () => disk.setReadOnly(false));
    expect(await sender.check(/read-only/)).toBeGreaterThan(1);
  });
});

test('a home on a network file system: 503 and a warning that name it, until it is on another', async ({ skip }) => {
  const reason = noFuseReason();
  if (reason !== undefined) return skip(reason);
  const gateway = await RealGateway.create();
  const directory = join(gateway.xopcHome, 'state');
  mountFuse(directory, 'sshfs');
  await gateway.run();
  const sender = new Sender(gateway);
  await sender.untilStatus(503);
  const status = await gateway.xopc('gateway', 'status');
  const words = 'gateway.db cannot be used: its file system is FUSE (fuse.sshfs), and on a network file system SQLite can lose data';
  expect(status.stdout).toContain(words);
  expect(status.stdout).toContain('Move the home to a local disk, and set XOPC_HOME to its new place.');
  expect(existsSync(join(directory, 'gateway.db'))).toBe(false);
  // Over the first one: the gateway would make its database in the directory as soon as it is unmounted.
  mountFuse(directory, 'gocryptfs');
  await sender.untilStatus(200);
  expect(existsSync(join(directory, 'gateway.db'))).toBe(true);
  expect(await sender.check(/its file system is FUSE \(fuse\.sshfs\)/)).toBeGreaterThan(0);
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
});

test('a database that another program keeps locked: 503 after two seconds, others are served meanwhile, and it goes on by itself', async () => {
  const gateway = await RealGateway.start();
  const sender = new Sender(gateway);
  await sender.untilStatus(200);
  const other = new Database(join(gateway.xopcHome, 'state', 'gateway.db'));
  // The gateway writes at this moment: what it has begun it ends first.
  other.exec('pragma busy_timeout = 2000');
  other.exec('begin immediate');
  const refused = sender.untilStatus(503);
  let isAnswered = false;
  void refused.finally(() => (isAnswered = true));
  let served = 0;
  await until('the refusal', async () => {
    if ((await fetch(`${gateway.url}/api/sessions`)).status === 200) served += 1;
    return isAnswered;
  });
  await refused;
  // What waits for the lock holds nobody else up: SQLite's own waiting would have let one or two through.
  expect(served).toBeGreaterThan(10);
  other.exec('rollback');
  other.close();
  await sender.untilStatus(200);
  expect(await sender.check(/another process has kept it locked/)).toBeGreaterThan(1);
});
