/** What the gateway adds to a model's first word. */
import { once } from 'node:events';
import { closeSync, fsyncSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { Gateway } from './gateway.mjs';
import { freePort, startProcess, waitUntilHealthy } from './processes.mjs';
import { row } from './statistics.mjs';

const TURNS = 300;
const WARM_UP = 40;
/** About what the commit of a question appends to the database's log. */
const COMMIT = Buffer.alloc(60_000);

/** @returns milliseconds until the first word has arrived, when the whole answer has been read */
async function firstWord({ agent, port, path, headers, body }) {
  const startedAt = performance.now();
  const outgoing = request({
    agent,
    host: '127.0.0.1',
    port,
    path,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
  });
  outgoing.end(JSON.stringify(body));
  const [response] = await once(outgoing, 'response');
  if (response.statusCode !== 200) throw new Error(`${path} was answered ${response.statusCode}`);
  let firstMs;
  for await (const chunk of response.setEncoding('utf8')) if (chunk.includes('first')) firstMs ??= performance.now() - startedAt;
  if (firstMs === undefined) throw new Error(`${path} said nothing`);
  return firstMs;
}

/** @returns milliseconds until the disk has what a question's commit writes: the least that an answer to a stored question waits for */
function syncOnce(fd) {
  const startedAt = performance.now();
  writeSync(fd, COMMIT);
  fsyncSync(fd);
  return performance.now() - startedAt;
}

/** The value below which that share of the samples is. */
function quantile(samples, share) {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/**
 * Asks a gateway, which it starts and removes, and its provider in turn.
 * @returns milliseconds to the first word from the provider alone and through the gateway, and of a sync of the disk
 */
export async function measureFirstWord(gateway, config = {}) {
  const port = await freePort();
  const provider = startProcess(process.execPath, [join(import.meta.dirname, 'bare-servers.mjs'), 'provider', String(port)]);
  const models = { providers: { fake: { baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'sk-fake', models: [{ id: 'one' }] } } };
  writeFileSync(join(gateway.home, 'models.json'), JSON.stringify(models));
  writeFileSync(join(gateway.home, 'config.json'), JSON.stringify({ ...config, agents: { defaults: { model: 'fake/one' } } }));
  const agent = new Agent({ keepAlive: true });
  try {
    await gateway.start();
    await waitUntilHealthy(port);
    const messages = [{ role: 'user', content: 'hello' }];
    const direct = { agent, port, path: '/v1/chat/completions', body: { model: 'one', stream: true, messages } };
    const headers = { Accept: 'text/event-stream' };
    const floor = [];
    const ours = [];
    const syncs = [];
    const fd = openSync(join(gateway.home, 'sync-floor'), 'w');
    for (let turn = 0; turn < TURNS + WARM_UP; turn++) {
      // A few turns a session: what a long history costs is the model's to read.
      const body = { message: 'hello', session: `bench-${Math.floor(turn / 5)}` };
      const samples = [await firstWord(direct), await firstWord({ agent, port: gateway.port, path: '/api/agent', headers, body })];
      if (turn < WARM_UP) continue;
      floor.push(samples[0]);
      ours.push(samples[1]);
      syncs.push(syncOnce(fd));
    }
    closeSync(fd);
    return { floor, ours, syncs };
  } finally {
    agent.destroy();
    provider.kill('SIGKILL');
    await gateway.dispose();
  }
}

export async function measureAgent() {
  const { floor, ours, syncs } = await measureFirstWord(new Gateway());
  const added = ours.map((ms, index) => ms - floor[index]);
  const of = (name, share, note) =>
    row({ name, unit: 'ms', measured: [quantile(ours, share)], floor: [quantile(floor, share)], floorName: 'the provider alone', note });
  return [
    of(
      'first word of an agent, median',
      0.5,
      `adds ${quantile(added, 0.5).toFixed(1)} ms; question and lease synced first; a sync: ${quantile(syncs, 0.5).toFixed(1)} ms`,
    ),
    of(
      'first word of an agent, 95th percentile',
      0.95,
      `adds ${quantile(added, 0.95).toFixed(1)} ms; a sync: ${quantile(syncs, 0.95).toFixed(1)} ms`,
    ),
  ];
}
