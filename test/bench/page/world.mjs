/** A gateway that is in use: conversations, schedules, and a model that answers as fast as real ones do. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call } from '../call.mjs';
import { Gateway } from '../gateway.mjs';
import { freePort, startProcess, waitUntilHealthy } from '../processes.mjs';

const WORDS =
  'apple river window seven paper garden quiet number answer carry stone light winter market follow open table green simple morning'.split(
    ' ',
  );
const CODE = '```ts\nexport const total = (prices: number[]): number => prices.reduce((sum, price) => sum + price, 0);\n```';

const say = (seed) => Array.from({ length: 60 }, (_, word) => WORDS[(seed * 7 + word * word) % WORDS.length]).join(' ');

function conversation(number, messages) {
  const lines = Array.from({ length: messages }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `Message ${index} of ${number}: ${say(index)}${index % 4 === 3 ? `\n\n- one\n- two\n\n${CODE}` : ''}`,
    createdAt: new Date(Date.UTC(2026, 0, 1 + number) + index * 60_000).toISOString(),
    model: index % 2 === 0 ? null : 'fake/one',
    status: 'complete',
  }));
  const header = { format: 'xopc-session', version: 1, title: `Conversation ${number}` };
  return [header, ...lines].map((line) => JSON.stringify(line)).join('\n');
}

/** @returns the gateway, its keys of sessions with `messages` messages each, and `dispose` */
export async function startWorld({ sessions, messages }) {
  const gateway = new Gateway();
  const port = await freePort();
  const provider = startProcess(process.execPath, [join(import.meta.dirname, '..', 'bare-servers.mjs'), 'typist', String(port)]);
  const models = { providers: { fake: { baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'sk-fake', models: [{ id: 'one' }] } } };
  writeFileSync(join(gateway.home, 'models.json'), JSON.stringify(models));
  writeFileSync(join(gateway.home, 'config.json'), JSON.stringify({ agents: { defaults: { model: 'fake/one' } } }));
  const dispose = async () => {
    provider.kill('SIGKILL');
    await gateway.dispose();
  };
  try {
    await gateway.start();
    await waitUntilHealthy(port);
    const keys = [];
    for (let number = 0; number < sessions; number += 1) {
      const body = conversation(number, messages);
      const { session } = await call(gateway.port, '/api/sessions/import', { body, type: 'application/x-ndjson' });
      keys.push(session.key);
    }
    for (let number = 0; number < 8; number += 1) {
      const body = JSON.stringify({ name: `Report ${number}`, schedule: 'every 1h', message: 'Report', mode: 'agent' });
      await call(gateway.port, '/api/cron/create', { body });
    }
    return { gateway, keys, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
