import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { LocalDiscovery, type DiscoveryOptions } from '../../../../../daemon/worker/providers/discovery/discovery.js';
import { probeLocalServer } from '../../../../../daemon/worker/providers/discovery/probe.js';
import type { ModelConfig } from '../../../../../shared/config/models-schema.js';
import { systemClock } from '../../../../../shared/clock.js';
import { llamaCpp, lmStudio, ollama, serveDocuments, stranger, vllm } from '../../../../fakes/local-models.js';
import { startFakeOpenAi } from '../../../../fakes/openai/server.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { ask, makeConversation } from '../../../../helpers/make-conversation.js';
import { eventually } from '../../../../helpers/eventually.js';

const probe = async (id: 'ollama' | 'lmstudio' | 'llamacpp' | 'vllm', documents: Readonly<Record<string, unknown>>) =>
  probeLocalServer(id, { port: (await serveDocuments(documents)).port, signal: AbortSignal.timeout(5_000) });

test.each([
  { id: 'ollama' as const, documents: ollama, models: [{ id: 'qwen3:8b' }] },
  {
    id: 'lmstudio' as const,
    documents: lmStudio,
    models: [
      { id: 'granite-3', contextWindow: 4_096 },
      { id: 'qwen2-vl-7b', contextWindow: 32_768 },
    ],
  },
  { id: 'llamacpp' as const, documents: llamaCpp, models: [{ id: '/models/gemma.gguf', contextWindow: 8_192 }] },
  { id: 'vllm' as const, documents: vllm, models: [{ id: 'Qwen/Qwen3-8B', contextWindow: 40_960 }] },
])('$id is recognised, with the models that write text', async ({ id, documents, models }) => {
  expect(await probe(id, documents)).toEqual(models);
});

test.each(['ollama', 'lmstudio', 'llamacpp', 'vllm'] as const)('another program on the port of %s is not taken for it', async (id) => {
  expect(await probe(id, stranger)).toBeUndefined();
  expect(await probe(id, {})).toBeUndefined();
});

test('a silent server is given up with the signal, a missing one at once', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  expect(await probeLocalServer('ollama', { port, signal: AbortSignal.timeout(50) })).toBeUndefined();
  const gone = await serveDocuments(ollama);
  await gone.close();
  expect(await probeLocalServer('ollama', { port: gone.port, signal: AbortSignal.timeout(5_000) })).toBeUndefined();
});

test('an answer that cannot be read is taken for no server', async () => {
  // Such a name has no text form.
  const { port } = await serveDocuments({ '/api/tags': { models: [{ name: { toString: 1, valueOf: 1 } }] } });
  const log = logMemory();
  const discovery = new LocalDiscovery({
    clock: systemClock,
    logger: log,
    isEnabled: () => true,
    ports: { ollama: port, lmstudio: 1, llamacpp: 1, vllm: 1 },
  });
  onTestFinished(() => discovery.stop());
  await discovery.ready();
  expect(discovery.found('ollama')).toBeUndefined();
});

function discover(found: Record<string, readonly ModelConfig[]>, options: Partial<DiscoveryOptions> = {}) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const discovery = new LocalDiscovery({
    clock,
    logger: logMemory(),
    isEnabled: () => true,
    probe: async (id) => {
      asked.push(id);
      return found[id];
    },
    ...options,
  });
  onTestFinished(() => discovery.stop());
  return { discovery, clock, asked };
}

test('servers that appear or disappear are noticed within a minute', async () => {
  const found: Record<string, ModelConfig[]> = {};
  const { discovery, clock } = discover(found);
  discovery.start();
  await discovery.ready();
  expect(discovery.found('ollama')).toBeUndefined();
  found['ollama'] = [{ id: 'qwen3' }];
  clock.advance(60_000);
  await eventually(() => expect(discovery.found('ollama')).toEqual([{ id: 'qwen3' }]));
  delete found['ollama'];
  clock.advance(60_000);
  await eventually(() => expect(discovery.found('ollama')).toBeUndefined());
});

test('with discovery disabled no server is asked, and earlier results are not used', async () => {
  let isOn = true;
  const { discovery, clock, asked } = discover({ ollama: [{ id: 'a' }] }, { isEnabled: () => isOn });
  await discovery.ready();
  expect(discovery.found('ollama')).toEqual([{ id: 'a' }]);
  isOn = false;
  expect(discovery.found('ollama')).toBeUndefined();
  discovery.start();
  clock.advance(120_000);
  expect(asked).toHaveLength(4);
});

test('a request waits for the first discovery, but not for long', async () => {
  const { discovery, clock } = discover({}, { probe: () => new Promise(() => {}) });
  const ready = discovery.ready();
  clock.advance(400);
  await expect(ready).resolves.toBeUndefined();
});

test('a found server answers without any configuration, and its models are listed', async () => {
  const fake = await startFakeOpenAi({ models: ['qwen3'] });
  onTestFinished(() => fake.close());
  // The provider's address is the usual port; here what answers there is elsewhere, so only the choice is looked at.
  const conversation = await makeConversation({
    discovery: { probe: async (id) => (id === 'lmstudio' ? [{ id: 'granite' }] : undefined) },
  });
  expect((await conversation.models.models()).models.map(({ id }) => id)).toEqual(['lmstudio/granite', 'xopc/guide']);
  expect((await conversation.models.providers()).find(({ id }) => id === 'lmstudio')).toMatchObject({
    configured: true,
    source: 'discovery',
  });
  const off = await makeConversation({
    config: { agents: { defaults: { discovery: false } } },
    discovery: { probe: async () => [{ id: 'x' }] },
  });
  expect((await ask(off, 'hello')).last).toMatchObject({ type: 'done', model: 'xopc/guide' });
});

test('the start does not wait for the discovery', async () => {
  const startedAtMs = systemClock.now();
  const conversation = await makeConversation({ discovery: { probe: () => new Promise(() => {}) } });
  await conversation.quiesce();
  expect(systemClock.now() - startedAtMs).toBeLessThan(10_000);
});
