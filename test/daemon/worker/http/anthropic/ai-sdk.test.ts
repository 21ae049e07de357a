/** Vercel's AI SDK with its provider for Anthropic, as they are published, against `/v1/messages`. */
import { createAnthropic } from '@ai-sdk/anthropic';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { expect, test } from 'vitest';
import { calls, FAKE_USAGE, says } from '../../../../fakes/vendors/vendor-reply.js';
import { TOKEN } from '../../../../helpers/http-app.js';
import { startMessagesGateway } from '../../../../helpers/messages-gateway.js';

test.each(['anthropic-messages', 'openai-completions'] as const)(
  'in front of %s: a tool runs in a loop, and thinking goes back',
  async (api) => {
    const { baseURL, vendor } = await startMessagesGateway(api);
    vendor.reply(
      { ...calls({ id: 't1', name: 'weather', input: { city: 'Bern' } }), thoughts: [{ text: 'Hm.', signature: 'sig-1' }] },
      says('Sun', 'ny'),
    );
    const asked: unknown[] = [];
    const weather = tool({
      inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
      execute: (input) => (asked.push(input), 'sun'),
    });
    const params = {
      model: createAnthropic({ baseURL: `${baseURL}/v1`, apiKey: TOKEN })('up/fake-model'),
      prompt: 'x',
      maxOutputTokens: 50,
    };
    const thinking = { anthropic: { thinking: { type: 'enabled' as const, budgetTokens: 1_024 } } };
    const streamed = streamText({ ...params, tools: { weather }, stopWhen: stepCountIs(3), providerOptions: thinking });
    expect([await streamed.text, asked]).toEqual(['Sunny', [{ city: 'Bern' }]]);
    expect(await streamed.usage).toMatchObject({ inputTokens: FAKE_USAGE.input, outputTokens: FAKE_USAGE.output });
    expect(JSON.stringify(vendor.requests[1]?.body)).toContain('Hm.');
    vendor.reply(says('whole'));
    expect(await generateText(params)).toMatchObject({ text: 'whole', finishReason: 'stop' });
  },
);
