/**
 * Writes the examples of the OpenAPI document from what a gateway answered to the examples of docs/client.md: `XOPC_EXAMPLES=write`
 * before the test of the package. What differs from run to run is replaced, and long lists and texts are cut.
 */
import { writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Exchange } from './client-examples.js';
import type { ApiCheck } from './openapi-check.js';
import { root } from './real-gateway.js';

interface Example {
  readonly request?: unknown;
  readonly answer?: unknown;
  /** Of a stream. */
  readonly event?: unknown;
}

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '2026-01-31T08:00:00.000Z'],
  [/\b\d{4}-\d\d-\d\d\b(?!T)/g, '2026-01-31'],
  [/\b([a-z]+[_-])[0-9a-f]{32}\b/g, '$101a20eba0a5c0c7451e55087af067e31'],
  [/\/tmp\/[\w.-]+/g, '/home/me'],
  [/(127\.0\.0\.1|localhost):\d+/g, 'localhost:18790'],
  [/#[\w=-]*[A-Za-z0-9_-]{30,}/g, '#link=EXAMPLE'],
  [/\b[A-Za-z0-9]+_[A-Za-z0-9_-]{40,}/g, 'xopc_EXAMPLE'],
];

/** Numbers that only this machine has. */
const NUMBERS: Readonly<Record<string, number>> = { pid: 4711, port: 18790 };
const SECRETS: Readonly<Record<string, string>> = { secret: 'xopc_EXAMPLE', tokenHint: 'EXAMPLE', prefix: 'xopc_EXAM' };
const MAX_TEXT = 160;
const MAX_ITEMS = 2;

function textOf(text: string): string {
  const own = [...new Set([hostname(), userInfo().username])].filter((name) => name.length > 3);
  let plain = own.reduce((value, name) => value.replaceAll(name, 'gateway'), text);
  for (const [pattern, replacement] of REPLACEMENTS) plain = plain.replaceAll(pattern, replacement);
  return plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT)}…` : plain;
}

function exampleOf(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return SECRETS[key] ?? textOf(value);
  if (typeof value === 'number') return NUMBERS[key] ?? (/^created(_at)?$|^completed_at$/.test(key) ? 1_769_846_400 : value);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => exampleOf(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, exampleOf(inner, name)]));
}

const chat = { channel: 'telegram', accountId: 'default', senderId: '123456', senderName: 'Ada' };
const times = { createdAt: '2026-01-31T08:00:00.000Z', expiresAt: null };

const MESSAGE = 'msg_01a20eba0a5c0c7451e55087af067e31';

const APPROVAL = {
  id: 12,
  state: 'pending',
  tool: 'files__write_file',
  input: { path: '/home/me/notes.txt', content: 'Lunch at noon' },
  said: 'I will write that down.',
  agentId: 'main',
  session: 'main:webchat:default:direct:desk',
  turnId: 'turn_01a20eba0a5c0c7451e55087af067e31',
  askedAt: '2026-01-31T08:00:00.000Z',
  expiresAt: '2026-02-01T08:00:00.000Z',
  decidedAt: null,
  decidedBy: null,
  note: null,
  remember: null,
};
const DECIDED = {
  ...APPROVAL,
  state: 'approved',
  decidedAt: '2026-01-31T08:01:00.000Z',
  decidedBy: { via: 'api', name: null },
  remember: 'session',
};
const GRANT = {
  id: 3,
  agentId: APPROVAL.agentId,
  session: APPROVAL.session,
  tool: APPROVAL.tool,
  approvalId: APPROVAL.id,
  grantedAt: DECIDED.decidedAt,
};

const SUMMARY = {
  id: 'sum_01a20eba0a5c0c7451e55087af067e31',
  state: 'inUse',
  seq: 840,
  content: 'Ada plans a trip to Lisbon in May. She prefers trains, and asked for hotels near the river.',
  model: 'openai/gpt-5-mini',
  usage: { inputTokens: 5_200, outputTokens: 310, costUsd: 0.0019 },
  createdAt: '2026-01-31T08:00:00.000Z',
};

const RESPONSE_EVENT = {
  type: 'response.output_text.delta',
  sequence_number: 4,
  item_id: MESSAGE,
  output_index: 0,
  content_index: 0,
  delta: 'Hello',
  logprobs: [],
};

const SERVER = {
  name: 'files',
  transport: 'stdio',
  target: 'npx',
  state: 'running',
  error: null,
  tools: 1,
  pid: 4711,
  since: '2026-01-31T08:00:00.000Z',
};

const TOOL = {
  name: 'read_file',
  fullName: 'files__read_file',
  title: 'Read file',
  description: 'Reads a file.',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  isReadOnly: true,
  isRepeatable: true,
  problem: null,
};

/** What no gateway of a test answers, and documents that are too long for an example. */
const WRITTEN: Readonly<Record<string, Example>> = {
  getApiApprovals: { answer: { status: 'ok', approvals: [APPROVAL], nextCursor: null } },
  getApiApprovalsId: { answer: { status: 'ok', approval: APPROVAL } },
  postApiApprovalsIdDecide: { request: { decision: 'approve', remember: 'session' }, answer: { status: 'ok', approval: DECIDED } },
  getApiApprovalsGrants: { answer: { status: 'ok', grants: [GRANT] } },
  deleteApiApprovalsGrantsId: { answer: { status: 'ok', grant: GRANT } },
  getApiSessionsKeySummaries: { answer: { status: 'ok', summaries: [SUMMARY] } },
  deleteApiSessionsKeySummariesId: { answer: { status: 'ok', summaries: [{ ...SUMMARY, state: 'undone' }] } },
  postApiSessionsKeyFork: { request: { messageId: MESSAGE } },
  postApiPageSession: { request: { link: 'EXAMPLE'.padEnd(43, '-') } },
  deleteApiMessagesId: { answer: { status: 'ok' } },
  postApiChannelsChannelApprove: {
    request: { code: 'K7M2PQ9X' },
    answer: { status: 'ok', pairing: { ...chat, state: 'approved', code: null, ...times } },
  },
  postApiChannelsChannelRevoke: { request: { senderId: '123456' }, answer: { status: 'ok' } },
  postV1Embeddings: {
    request: { model: 'local/embed', input: 'Lunch is ready' },
    answer: { object: 'list', model: 'embed', data: [{ object: 'embedding', index: 0, embedding: [0.25, -0.5] }] },
  },
  getApiMcp: { answer: { status: 'ok', servers: [SERVER] } },
  getApiMcpServerTools: { answer: { status: 'ok', tools: [TOOL] } },
  postApiMcpServerTest: {
    answer: {
      status: 'ok',
      ok: true,
      error: null,
      durationMs: 480,
      server: { name: 'files', version: '1.0.0' },
      version: '2025-11-25',
      tools: 1,
    },
  },
  postApiMcpServerToolsToolCall: {
    request: { arguments: { path: 'notes.txt' } },
    answer: { status: 'ok', result: { text: 'buy milk', isError: false, durationMs: 12, images: [] } },
  },
  getMetrics: { answer: 'xopc_ready 1\n' },
  postApiAgent: { event: { event: 'delta', data: { text: 'Hello' } } },
  getApiEvents: {
    event: {
      id: 'wk_01a20eba0a5c0c7451e55087af067e31.7',
      event: 'session',
      data: { at: '2026-01-31T08:00:00.000Z', session: 'main:webchat:default:direct:desk', change: 'created' },
    },
  },
  getApiLogsFollow: { event: { event: 'gap', data: { reason: 'rotated' } } },
  postV1ChatCompletions: {
    event: {
      id: 'chatcmpl-01a20eba0a5c0c7451e55087af067e31',
      object: 'chat.completion.chunk',
      created: 1_769_846_400,
      model: 'main',
      choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: null, logprobs: null }],
    },
  },
  postV1Responses: { event: RESPONSE_EVENT },
  getV1ResponsesId: { event: RESPONSE_EVENT },
  postV1Messages: { event: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } } },
  postMcp: {
    request: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask_agent', arguments: { message: 'Hello' } } },
    answer: { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'Hello! How can I help?' }] } },
    event: { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1, message: 'Hello' } },
  },
  getApiConfigSchema: { answer: { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties: {} } },
  getOpenapiJson: { answer: { openapi: '3.1.1', info: { title: 'xopc gateway', version: '1.0.0' }, paths: {} } },
};

/** Of operations that are like others. */
const LIKE: Readonly<Record<string, string>> = {
  postApiMessagesIdRetry: 'getApiMessagesId',
  postApiSessionsKeyChoose: 'patchApiSessionsKey',
};

export function writeExamples(exchanges: readonly Exchange[], api: ApiCheck): void {
  const found: Record<string, Example> = {};
  for (const { method, path, status, body, json } of exchanges) {
    const name = api.operationOf(method, path);
    if (name === undefined || status !== 200 || json === undefined || name in found) continue;
    const request = body === undefined ? {} : { request: exampleOf(body) };
    found[name] = { ...request, answer: exampleOf(json), ...WRITTEN[name] };
  }
  for (const [name, other] of Object.entries(LIKE)) found[name] = { ...found[name], answer: found[other]?.answer };
  found['postApiSessionsKeyChoose'] = {
    ...found['postApiSessionsKeyChoose'],
    request: { messageId: MESSAGE },
  };
  const all = Object.entries({ ...WRITTEN, ...found }).toSorted(([a], [b]) => a.localeCompare(b));
  const lines = all.map(([name, example]) => `${JSON.stringify(name)}: ${JSON.stringify(example)}`);
  writeFileSync(join(root, 'daemon/worker/http/openapi/examples.json'), `{\n${lines.join(',\n')}\n}\n`);
}
