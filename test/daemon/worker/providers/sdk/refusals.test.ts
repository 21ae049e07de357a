import { expect, test } from 'vitest';
import * as ai from '../../../../../daemon/worker/lazy/ai.js';
import { isTransient, type ProviderFailure } from '../../../../../daemon/worker/providers/failure.js';
import type { AiModule } from '../../../../../daemon/worker/providers/provider.js';
import type { ApiKind } from '../../../../../shared/config/models-schema.js';
import { google } from '../../../../fakes/vendors/google.js';
import { openAiCompletions } from '../../../../fakes/vendors/openai-completions.js';
import * as refusals from '../../../../fakes/vendors/refusals.js';
import type { VendorProtocol } from '../../../../fakes/vendors/vendor-protocol.js';
import type { VendorReply } from '../../../../fakes/vendors/vendor-reply.js';
import { startVendor } from '../../../../fakes/vendors/vendor-server.js';

const { createProvider }: AiModule = ai;

const CHAT = { api: 'openai-completions', protocol: openAiCompletions } as const;

async function failureOf(reply: VendorReply, { api, protocol }: { api: ApiKind; protocol: VendorProtocol } = CHAT) {
  const fake = await startVendor(protocol);
  fake.reply(reply);
  const provider = createProvider({ id: 'f', name: 'F', api, baseUrl: fake.baseUrl, apiKey: 'key-of-the-fake' });
  const request = { modelId: 'fake-model', messages: [{ role: 'user' as const, content: 'hello' }] };
  for await (const event of provider.stream(request, new AbortController().signal)) if (event.type === 'failed') return event.failure;
  return undefined;
}

test.each<[string, VendorReply, Partial<ProviderFailure>]>([
  ["Groq's limit per minute", refusals.groqLimit, { kind: 'rateLimited', retryAfterMs: 2_000 }],
  ["Groq's limit of one request", refusals.groqTooLarge, { kind: 'tooLong', context: { limitTokens: 12_000, usedTokens: 14_137 } }],
  ["Gemini's limit per minute", refusals.geminiLimit, { kind: 'rateLimited', retryAfterMs: 1_000 }],
  ["OpenAI's limit for accounts without a card", refusals.openAiLimit, { kind: 'rateLimited' }],
  ['no credit at OpenAI', refusals.openAiNoCredit, { kind: 'quota' }],
  ['no credit at Anthropic', refusals.anthropicNoCredit, { kind: 'quota' }],
  ['no credit at xAI', refusals.xaiNoCredit(429), { kind: 'quota' }],
  ['no credit at xAI, forbidden', refusals.xaiNoCredit(403), { kind: 'quota' }],
  [
    'a refusal that repeats what it was sent',
    refusals.fastApiInvalid,
    { kind: 'rejected', detail: 'temperature: Input should be a valid number' },
  ],
  ["Mistral's list of fields", refusals.mistralInvalid, { kind: 'rejected', detail: 'messages.1.x: Extra inputs are not permitted' }],
  ['an input that OpenRouter flags', refusals.openRouterModeration, { kind: 'filtered', status: 403 }],
  ['a key that may not', refusals.anthropicForbidden, { kind: 'auth', status: 403 }],
  ['a country that is not served', refusals.openAiCountry, { kind: 'rejected', detail: 'Country, region, or territory not supported' }],
  [
    'what OpenRouter was answered by another provider',
    refusals.openRouterTooLong,
    { kind: 'tooLong', context: { limitTokens: 8_192, usedTokens: 9_014 } },
  ],
])('%s is told as what it is', async (_name, reply, failure) => {
  expect(await failureOf(reply)).toMatchObject(failure);
});

test('a call of a tool that the vendor could not read is told as one, and asked for again', async () => {
  const failure = await failureOf(refusals.geminiInvalidCall, { api: 'google-generative-ai', protocol: google });
  expect(failure).toMatchObject({ kind: 'invalidCall' });
  expect(failure !== undefined && isTransient(failure)).toBe(true);
});

test('an error in a stream is not judged by what it repeats', async () => {
  const error = { message: 'it broke', code: 'x', input: 'insufficient_quota: rate limit of my billing address, prompt is too long' };
  expect(await failureOf({ type: 'document', body: { error } })).toMatchObject({ kind: 'overloaded', detail: 'it broke' });
});
