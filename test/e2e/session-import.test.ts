/** A session's file of any length: imported whole or not at all, whatever happens to the worker meanwhile. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { RealGateway, until } from '../helpers/real-gateway.js';
import { tempDir } from '../helpers/temp-dir.js';

const HEADER = '{"format":"xopc-session","version":1,"title":"A long one","agentId":"main"}\n';

const line = (number: number): string => {
  const message = { role: number % 2 === 0 ? 'user' : 'assistant', content: `${number} ${'word '.repeat(200)}` };
  return `${JSON.stringify({ ...message, createdAt: '2026-01-02T03:04:05.678Z', model: null, status: 'complete' })}\n`;
};

const lines = (count: number): string => Array.from({ length: count }, (_, number) => line(number)).join('');

function storedMessages(gateway: RealGateway): number {
  const database = new Database(join(gateway.xopcHome, 'state', 'gateway.db'), { readonly: true });
  try {
    return (database.prepare('select count(*) as count from messages').get() as { count: number }).count;
  } finally {
    database.close();
  }
}

const sessions = async (gateway: RealGateway): Promise<{ title: string; messageCount: number }[]> =>
  ((await (await fetch(`${gateway.url}/api/sessions?search=is:any`)).json()) as { sessions: { title: string; messageCount: number }[] })
    .sessions;

test(
  'an import that kill -9 cuts leaves nothing, neither to see nor on disk; the same file is imported afterwards',
  { tags: ['long'] },
  async () => {
    const gateway = await RealGateway.start();
    const headers = { 'Content-Type': 'application/x-ndjson' };
    const upload = request(`${gateway.url}/api/sessions/import`, { method: 'POST', headers });
    const cut = new Promise((resolve) => upload.on('error', resolve).on('response', resolve));
    upload.write(HEADER + lines(2_000));
    await until('some of it is on disk', () => storedMessages(gateway) > 500);
    expect(await sessions(gateway)).toEqual([]);
    process.kill(gateway.workerPid(), 'SIGKILL');
    await cut;
    upload.destroy();
    await until('the next worker answers', async () => (await sessions(gateway).catch(() => undefined))?.length === 0);
    // What is left is removed without anybody asking for it.
    await until('nothing is left', () => storedMessages(gateway) === 0);

    const file = join(tempDir(), 'long.jsonl');
    // Several times what any other body may have.
    writeFileSync(file, HEADER + lines(5_000));
    const imported = await gateway.xopc('sessions', 'import', file, '--json');
    expect(imported).toMatchObject({ code: 0 });
    const { key, messageCount } = JSON.parse(imported.stdout) as { key: string; messageCount: number };
    expect(messageCount).toBe(5_000);
    const again = `${file}.again`;
    expect(await gateway.xopc('sessions', 'export', key, '--output', again)).toMatchObject({ code: 0 });
    expect(readFileSync(again, 'utf8') === readFileSync(file, 'utf8')).toBe(true);
    const json = `${file}.json`;
    // The name of the file says which format it gets; an import goes by the content.
    expect(await gateway.xopc('sessions', 'export', key, '--output', json)).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ title: 'A long one' });
    renameSync(again, `${file}.misnamed.json`);
    renameSync(json, `${file}.misnamed`);
    for (const misnamed of [`${file}.misnamed.json`, `${file}.misnamed`])
      expect(JSON.parse((await gateway.xopc('sessions', 'import', misnamed, '--json')).stdout)).toMatchObject({ messageCount: 5_000 });
    expect((await gateway.xopc('sessions', 'export', key)).stdout === readFileSync(file, 'utf8')).toBe(true);
  },
);
