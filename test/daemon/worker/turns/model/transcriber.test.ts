import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import * as ai from '../../../../../daemon/worker/lazy/ai.js';
import { ProviderRegistry } from '../../../../../daemon/worker/providers/registry.js';
import { Transcriber, type TranscriberOptions } from '../../../../../daemon/worker/turns/model/transcriber.js';
import { modelsSchema } from '../../../../../shared/config/models-schema.js';
import { configSchema } from '../../../../../shared/config/schema.js';
import { createGuide } from '../../../../../daemon/worker/turns/model/guide.js';
import { resolvePaths } from '../../../../../shared/node/process/paths.js';
import { startFakeTranscriber } from '../../../../fakes/openai/transcriptions.js';
import { advanceUntil } from '../../../../helpers/advance-until.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { logMemory } from '../../../../helpers/log-memory.js';

const KEY = 'sk-ears-secret';
const recording = { name: 'a.ogg', mediaType: 'audio/ogg', bytes: Buffer.from('OggS') };

async function setUp(transcription: { timeoutMs?: number } = {}) {
  const server = await startFakeTranscriber();
  const clock = new FakeClock();
  const calls: unknown[] = [];
  const changes: unknown[] = [];
  const paid: number[] = [];
  const cost = { input: 1_000, output: 2_000 };
  const document = modelsSchema.parse({ providers: { ears: { baseUrl: server.baseUrl, apiKey: KEY, models: [{ id: 'w', cost }] } } });
  const registry = new ProviderRegistry({
    document,
    lookup: () => undefined,
    ai: () => ai,
    listModels: async () => [],
    builtIn: createGuide(resolvePaths({ home: '/nowhere', runtimeDir: '/nowhere' })),
    clock,
    local: { found: () => undefined, ready: async () => undefined },
    noteCall: (call) => calls.push(call),
  });
  const spending: TranscriberOptions['spending'] = {
    purse: ({ kind }) => ({
      reserve: async (most) => (paid.push(most()), async (usd) => void paid.push(kind === 'transcription' ? usd : Number.NaN)),
    }),
  };
  const transcriber = new Transcriber({
    clock,
    logger: logMemory(),
    spending,
    config: () => configSchema.parse({ transcription }),
    registry: () => registry,
    random: () => 0,
    publish: (change) => changes.push(change),
  });
  const hear = (signal = new AbortController().signal): Promise<string> =>
    transcriber.transcribe({ recording: { ...recording, seconds: 10 }, model: 'ears/w', account: {} }, signal);
  return { server, clock, calls, changes, paid, hear };
}

/** Moves the clock on until the call has ended. */
async function passing<Result>(clock: FakeClock, call: Promise<Result>): Promise<Result> {
  let hasEnded = false;
  const end = (): void => void (hasEnded = true);
  call.then(end, end);
  await advanceUntil(clock, () => hasEnded);
  return call;
}

const answer = (status: number, type: string, body: string | Buffer) => (response: ServerResponse) => {
  response.writeHead(status, { 'content-type': type }).end(body);
};

test('the words come with their cost, which is reserved before and known after', async () => {
  const { server, hear, calls, changes, paid } = await setUp();
  server.reply({ text: 'Hi \ud800', usage: { type: 'tokens', input_tokens: 100, output_tokens: 20, total_tokens: 120 } });
  expect(await hear()).toBe('Hi \ufffd');
  expect(calls).toMatchObject([{ ref: 'ears/w', error: null }]);
  expect(changes).toEqual([
    {
      type: 'completion',
      model: 'ears/w',
      state: 'done',
      usage: { inputTokens: 100, outputTokens: 20, costUsd: expect.closeTo(0.14, 6) as number },
    },
  ]);
  // Ten tokens a second, and the longest text.
  expect(paid).toEqual([expect.closeTo(0.1 + (8_192 * 2_000) / 1_000_000, 6), expect.closeTo(0.14, 6)]);
});

test('a fraction is no count of tokens', async () => {
  const { server, hear, changes } = await setUp();
  server.reply({ text: 'Hi', usage: { input_tokens: 100.5, output_tokens: 20 } });
  await hear();
  expect(changes).toMatchObject([{ usage: { inputTokens: null, outputTokens: 20 } }]);
});

test.each([
  ['a page', answer(200, 'text/html', '<title>Login</title>'), /does not answer with the API of ears/],
  ['no JSON', answer(200, 'application/json', '{"text": '), /invalid response.*not JSON/],
  ['another document', answer(200, 'application/json', '{"text": [1], "usage": null}'), /invalid response.*has no text/],
  ['null', answer(200, 'application/json', 'null'), /invalid response.*has no text/],
  ['two megabytes', answer(200, 'application/json', Buffer.alloc(2_097_152, ' ')), /invalid response.*too large/],
  ['a refused key', answer(401, 'application/json', `{"error": {"message": "bad key ${KEY}"}}`), /ears refused the API key \(HTTP 401\)/],
  [
    'a format that it does not know',
    answer(400, 'application/json', '{"error": {"message": "Invalid file format."}}'),
    /rejected the request \(HTTP 400\)\. It said: Invalid file format\./,
  ],
  [
    'a redirect',
    (response: ServerResponse) => void response.writeHead(302, { location: 'http://evil.example/' }).end(),
    /does not answer with the API/,
  ],
])('%s fails the call, once, without the key', async (_what, reply, says) => {
  const { server, hear, calls, changes, paid } = await setUp();
  server.reply(reply);
  const failed = hear();
  await expect(failed).rejects.toMatchObject({ code: 'AGENT_ERROR', message: expect.stringMatching(says) as string });
  await expect(failed).rejects.not.toThrow(KEY);
  expect(server.heard).toHaveLength(1);
  expect(calls).toMatchObject([{ error: expect.any(String) as string }]);
  expect(changes).toMatchObject([{ state: 'error', usage: null }]);
  expect(paid[1]).toBe(0);
});

test('a failure that passes is tried again; one that does not, and silence, end the call', async () => {
  const settings = { timeoutMs: 3_600_000 };
  const { server, clock, hear } = await setUp(settings);
  const busy = answer(503, 'application/json', '{"error": {"message": "busy"}}');
  server.reply(busy, (response) => void response.destroy(), { text: 'Third time.' });
  expect(await passing(clock, hear())).toBe('Third time.');
  server.reply(busy, busy, busy);
  await expect(passing(clock, hear())).rejects.toMatchObject({
    message: expect.stringContaining('failed or is overloaded (HTTP 503)') as string,
  });
  expect(server.heard).toHaveLength(6);
  settings.timeoutMs = 30_000;
  // A first piece, and no end.
  server.reply((response) => void response.writeHead(200, { 'content-type': 'application/json' }).write(' '));
  const silent = hear();
  await server.received(7);
  await expect(passing(clock, silent)).rejects.toMatchObject({
    message: 'ears did not answer within 30 s (transcription.timeoutMs). Try again.',
  });
  expect(await server.heard[6]?.ended).toBe('aborted');
  server.reply(() => undefined);
  const stop = new AbortController();
  const stopped = hear(stop.signal);
  await server.received(8);
  stop.abort(new Error('stopped'));
  await expect(stopped).rejects.toThrow('stopped');
  expect(await server.heard[7]?.ended).toBe('aborted');
});
