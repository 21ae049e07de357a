/** What the gateway adds to the first call of an MCP server that is a program. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Gateway, root } from './gateway.mjs';
import { row } from './statistics.mjs';

const PAIRS = 15;
/** After a restart the old worker still ends, and the new one starts its channels. */
const SETTLE_MS = 2_000;
const SERVER = {
  command: process.execPath,
  args: [join(root, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js'), 'stdio'],
};
const ARGUMENTS = { message: 'hello' };
/** Calls of tools need it. */
const TOKEN = 'a-token-of-the-bench-that-is-long-enough';

/** @returns milliseconds until a client that does nothing else has started the server and has the result of a call */
async function callDirectly() {
  const startedAt = performance.now();
  const client = new Client({ name: 'bench', version: '1' });
  await client.connect(new StdioClientTransport({ ...SERVER, stderr: 'ignore' }));
  await client.listTools();
  await client.callTool({ name: 'echo', arguments: ARGUMENTS });
  const ms = performance.now() - startedAt;
  await client.close();
  return ms;
}

/** On a connection of its own: a kept one would be to the worker before a restart. */
async function request({ port }, path, { method, body }) {
  const headers = { 'Content-Type': 'application/json', 'X-Api-Key': TOKEN };
  const outgoing = httpRequest({ agent: false, port, path, method, headers }).end(body);
  const [response] = await once(outgoing, 'response');
  return json(response);
}

async function callThrough(gateway) {
  const startedAt = performance.now();
  const body = JSON.stringify({ arguments: ARGUMENTS });
  const { result } = await request(gateway, '/api/mcp/all/tools/echo/call', { method: 'POST', body });
  if (!result.text.includes('hello')) throw new Error(`the server said ${result.text}`);
  return performance.now() - startedAt;
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Resolves when the gateway has stopped the server that it runs, because nobody has called it for a second. */
async function untilStopped(gateway) {
  const { servers } = await request(gateway, '/api/mcp', { method: 'GET' });
  while (isAlive(servers[0].pid)) await delay(20);
}

/** In turn; the gateway stops the server a second after each call. */
export async function measureMcp() {
  const gateway = new Gateway();
  const [floor, warm, cold] = [[], [], []];
  writeFileSync(
    join(gateway.home, 'config.json'),
    JSON.stringify({ gateway: { auth: { api_key: TOKEN } }, mcp: { servers: { all: { ...SERVER, idleMs: 1_000 } } } }),
  );
  try {
    await gateway.start();
    for (let pair = 0; pair <= PAIRS; pair += 1) {
      const direct = await callDirectly();
      await gateway.command('restart');
      await delay(SETTLE_MS);
      // The first request of a worker takes longer, whatever it is about.
      await request(gateway, '/api/mcp', { method: 'GET' });
      const first = await callThrough(gateway);
      await untilStopped(gateway);
      const next = await callThrough(gateway);
      await untilStopped(gateway);
      // The first round warms the disk's cache.
      if (pair === 0) continue;
      floor.push(direct);
      cold.push(first);
      warm.push(next);
    }
  } finally {
    await gateway.dispose();
  }
  const of = (name, measured) =>
    row({ name, unit: 'ms', measured, floor, floorName: 'the SDK’s client: start, list, call', note: '`server-everything`' });
  return [of('first call of a stdio server', warm), of('the same, as the first use of MCP by a worker', cold)];
}
