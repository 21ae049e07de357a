import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startHttpApp } from '../helpers/http-app.js';
import { fuzz } from './fuzz.js';
import { namedValue, oddText, oddValue, valueOf } from './values.js';

interface Listed {
  readonly name: string;
  readonly inputSchema: unknown;
}

const HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
const LATEST = '2026-07-28';
const known = ['main', 'webchat', 'notes', 'every 1h', 'message'];
const METHODS = [
  'tools/list',
  'ping',
  'initialize',
  'server/discover',
  'subscriptions/listen',
  'notifications/cancelled',
  'resources/read',
  'logging/setLevel',
];

/** What the revision of 2026 wants with each request. */
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': LATEST,
  'io.modelcontextprotocol/clientInfo': { name: 'fuzz', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A message, and the revision that its headers name. */
function messageFor(tools: readonly Listed[]): fc.Arbitrary<{ message: Record<string, unknown>; isLatest: boolean }> {
  const odd = oddValue();
  const id = fc.oneof({ weight: 6, arbitrary: fc.integer() }, { weight: 1, arbitrary: odd });
  const call = fc.oneof(
    ...tools.map(({ name, inputSchema }) =>
      fc.record({
        method: fc.constant('tools/call'),
        params: fc.record({
          name: fc.constant(name),
          arguments: fc.oneof(
            { weight: 6, arbitrary: valueOf(inputSchema, { known, legalPerOdd: 6 }) },
            { weight: 2, arbitrary: namedValue(name, inputSchema, { known, legalPerOdd: 0 }) },
            { weight: 1, arbitrary: odd },
          ),
        }),
      }),
    ),
  );
  const other = fc.record({ method: fc.oneof(fc.constantFrom(...METHODS), oddText()), params: fc.oneof(fc.constant({}), odd) });
  return fc
    .record({ asked: fc.oneof({ weight: 3, arbitrary: call }, { weight: 1, arbitrary: other }), id, meta: odd, isLatest: fc.boolean() })
    .map(({ asked, id: given, meta, isLatest }) => ({
      isLatest,
      message: {
        jsonrpc: '2.0',
        id: given,
        method: asked.method,
        params:
          typeof asked.params === 'object' && asked.params !== null && !Array.isArray(asked.params)
            ? { ...asked.params, _meta: isLatest ? ENVELOPE : { progressToken: meta } }
            : asked.params,
      },
    }));
}

/** The messages of an answer, which is a stream or a document. */
function messagesIn(text: string): Record<string, unknown>[] {
  const parts = text.startsWith('{') ? [text] : text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
  return parts.map((part) => JSON.parse(part) as Record<string, unknown>);
}

test('any message to /mcp is answered or refused in the shape of JSON-RPC, and no tool fails inside', () =>
  fuzz(60, async () => {
    const app = await startHttpApp();
    const post = async (message: unknown, isLatest: boolean) => {
      const { method = '', params } = message as { method?: string; params?: { name?: unknown } };
      const named = isLatest ? { 'Mcp-Protocol-Version': LATEST, 'Mcp-Method': method.replaceAll(/[^\x21-\x7e]/g, '?') } : undefined;
      const headers = { ...HEADERS, ...named, ...(isLatest && typeof params?.name === 'string' ? { 'Mcp-Name': params.name } : {}) };
      const response = await fetch(`http://127.0.0.1:${app.port}/mcp`, { method: 'POST', headers, body: JSON.stringify(message) });
      return { status: response.status, text: await response.text() };
    };
    const [list] = messagesIn((await post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, false)).text);
    const { result } = list as { result: { tools: Listed[] } };
    const { tools } = result;
    expect(tools.length).toBe(8);
    return fc.asyncProperty(messageFor(tools), async ({ message, isLatest }) => {
      const { status, text } = await post(message, isLatest);
      expect([200, 202, 400, 404, 413], text).toContain(status);
      for (const one of messagesIn(text)) expect(one).toMatchObject({ jsonrpc: '2.0' });
      expect(text).not.toMatch(/INTERNAL_ERROR/);
      expect(app.lines.filter(({ level }) => level === 'error')).toEqual([]);
    });
  }));
