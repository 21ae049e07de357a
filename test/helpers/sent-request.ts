/** What the gateway sends to a vendor, without the vendor. */
import { onTestFinished, vi } from 'vitest';
import * as ai from '../../daemon/worker/lazy/ai.js';
import type { CompletionRequest } from '../../daemon/worker/providers/completion.js';
import type { AiModule, ConnectionSettings } from '../../daemon/worker/providers/provider.js';

const { createProvider }: AiModule = ai;

/** Makes one call and returns the body of its request. Default: "hi" to `some-model` behind chat completions. */
export async function sentRequest(
  settings: Partial<ConnectionSettings>,
  request: Partial<CompletionRequest> = {},
): Promise<Readonly<Record<string, unknown>>> {
  const sent = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('', { status: 500 }));
  onTestFinished(() => sent.mockRestore());
  const provider = createProvider({ id: 'up', name: 'Up', api: 'openai-completions', baseUrl: 'https://proxy.example/v1', ...settings });
  const messages = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];
  for await (const _event of provider.complete({ modelId: 'some-model', messages, ...request }, new AbortController().signal));
  return JSON.parse(sent.mock.calls.at(-1)?.[1]?.body as string) as Record<string, unknown>;
}
