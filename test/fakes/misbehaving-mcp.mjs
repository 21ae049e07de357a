/**
 * An MCP server that misbehaves when it is asked to: each tool is one way of doing so. `MODE` in its environment says how it starts and ends:
 * `silent` never answers, `slow` answers its first message after half a second, `listless` does not list its tools, `dies` exits at once, `stubborn` ignores SIGTERM and the end of its input, `odd` has tools that cannot be used.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const { MODE: mode = '' } = process.env;
const write = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const text = (value) => ({ content: [{ type: 'text', text: value }] });
const schema = { type: 'object', properties: { text: { type: 'string' } } };
const NAMES = [
  'echo',
  'never',
  'huge',
  'die',
  'fork',
  'malformed',
  'flood',
  'log',
  'ask',
  'change',
  'picture',
  'deep',
  'large',
  'fail',
  'environment',
  'refuse',
];
const tool = (name) => ({ name, description: `Does ${name}.`, inputSchema: schema, annotations: { readOnlyHint: name === 'echo' } });

const ODD = [
  tool('fine'),
  { name: 'no-schema' },
  { name: 'list', inputSchema: { type: 'array' } },
  { name: 'large', inputSchema: { type: 'object', description: 'x'.repeat(40_000) } },
  { name: 'deep', inputSchema: { type: 'object', properties: JSON.parse(`${'{"a":'.repeat(100)}{}${'}'.repeat(100)}`) } },
  'not a tool',
  { ...tool('a.b'), inputSchema: { type: 'object' } },
  tool('a b'),
  tool('n'.repeat(200)),
  tool('l'.repeat(100)),
];
let tools = mode === 'odd' ? ODD : NAMES.map(tool);

/** In the group of this process; it outlives everything but SIGKILL. */
function fork() {
  const source = "process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {}); setInterval(() => {}, 1000); console.log(process.pid)";
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'ignore'] });
  return new Promise((resolve) => child.stdout.once('data', (pid) => resolve(String(pid).trim())));
}

const asked = new Map();

const CALLS = {
  echo: ({ text: said = '' }) => text(said),
  never: () => new Promise(() => {}),
  // Its beginning and its end have the id, as those of real servers do.
  huge: () => text('x'.repeat(100_000_000)),
  die: () => process.exit(7),
  fork: async () => text(await fork()),
  malformed: (_input, id) => process.stdout.write(`hello\n[1,2\n{"jsonrpc":"2.0","id":${id},"result":"no object"}\n`) && undefined,
  flood() {
    for (let index = 0; index < 6_000; index += 1) write({ method: 'notifications/message', params: { level: 'info', data: index } });
    return text('flooded');
  },
  log: ({ text: said = 'x' }) => text(String(process.stderr.write(`${said}\n${'y'.repeat(100_000)}\n${'z\n'.repeat(10_000)}`))),
  ask(_input, id) {
    write({ id: 'question', method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } });
    asked.set('question', id);
  },
  change() {
    tools = [tool('changed')];
    for (let index = 0; index < 100; index += 1) write({ method: 'notifications/tools/list_changed' });
    return text('changed');
  },
  picture: () => ({
    content: [
      { type: 'image', mimeType: 'image/png', data: 'AAAA'.repeat(1_024) },
      { type: 'audio', data: 'AAAA' },
    ],
  }),
  deep: (_input, id) =>
    process.stdout.write(
      `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}}\n`,
    ) && undefined,
  large: (_input, id) =>
    process.stdout.write(
      `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":{"id":1324567890123456789,"count":7}}}\n`,
    ) && undefined,
  fail: () => ({ ...text(`the key ${process.env.SECRET_KEY} is wrong`), isError: true }),
  refuse: (_input, id) => write({ id, error: { code: -32602, message: `bad params ${process.env.SECRET_KEY}` } }) && undefined,
  environment: () => text(Object.keys(process.env).join(' ')),
};

async function answer({ id, method, params = {}, error }) {
  if (method === undefined) return asked.has(id) && write({ id: asked.get(id), result: text(`refused: ${error?.message}`) });
  if (id === undefined || mode === 'silent') return undefined;
  if (method === 'initialize') {
    const serverInfo = { name: 'misbehaving', version: '1' };
    if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, 500));
    return write({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: { listChanged: true } }, serverInfo } });
  }
  if (method === 'ping') return write({ id, result: {} });
  if (method === 'tools/list' && mode === 'listless') return undefined;
  if (method === 'tools/list') return write({ id, result: { tools } });
  const result = await CALLS[params.name]?.(params.arguments ?? {}, id);
  return result === undefined ? undefined : write({ id, result });
}

if (mode === 'dies') {
  process.stderr.write(`cannot start with ${process.env.SECRET_KEY}\n`);
  process.exitCode = 3;
} else {
  if (mode === 'stubborn') {
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1_000);
  }
  createInterface({ input: process.stdin }).on('line', (line) => void answer(JSON.parse(line)));
}
