/** What a model answers besides text: pictures and sources reach callers of chat completions; no answer looks empty. */
import { expect, test } from 'vitest';
import { TEXTS } from '../../../fakes/vendors/documents.js';
import type { DocumentReply } from '../../../fakes/vendors/vendor-reply.js';
import { chunk, usageChunk } from '../../../fakes/openai/replay.js';
import { TOKEN } from '../../../helpers/http-app.js';
import { ask } from '../../../helpers/make-conversation.js';
import { startOpenAiGateway } from '../../../helpers/openai-gateway.js';
import { post, startVendorsGateway } from '../../../helpers/vendors-gateway.js';

const QUESTION = [{ role: 'user', content: 'Draw a cat.' }];
const URL = 'data:image/png;base64,iVBORw0KGgo=';
const IMAGES = [{ type: 'image_url', image_url: { url: URL } }];
const SOURCE = { type: 'url_citation', url_citation: { url: 'https://example.com/', title: 'x', start_index: 0, end_index: 2 } };

const message = (fields: object): DocumentReply => {
  const choices = [{ index: 0, message: { role: 'assistant', ...fields }, logprobs: null, finish_reason: 'stop' }];
  return { type: 'document', body: { ...(TEXTS['openai-completions'] as object), choices } };
};

function googleAnswer(...words: object[]): DocumentReply {
  const draft = { inlineData: { mimeType: 'image/png', data: 'AAAA' }, thought: true };
  const parts = [draft, ...words, { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' }, thoughtSignature: 'c2ln' }];
  const usageMetadata = { promptTokenCount: 11, candidatesTokenCount: 1_290, totalTokenCount: 1_301 };
  return { type: 'document', body: { candidates: [{ content: { parts, role: 'model' }, finishReason: 'STOP', index: 0 }], usageMetadata } };
}

const APIS = {
  'google-generative-ai': { alone: googleAnswer(), withText: googleAnswer({ text: 'A cat:' }) },
  'openai-completions': { alone: message({ content: '', images: IMAGES }), withText: message({ content: 'A cat:', images: IMAGES }) },
} as const;

test.each(Object.entries(APIS))('a picture by a model of %s is in the answer of chat completions', async (api, { alone, withText }) => {
  const gateway = await startVendorsGateway();
  const vendor = gateway.vendors[api];
  const body = { model: `${api}/fake-model`, messages: QUESTION };
  vendor?.reply(alone, withText, alone);
  for (const content of ['', 'A cat:'])
    expect(JSON.parse(await post(gateway, '/v1/chat/completions', body))).toMatchObject({
      choices: [{ message: { content, images: IMAGES }, finish_reason: 'stop' }],
    });
  const streamed = await post(gateway, '/v1/chat/completions', { ...body, stream: true });
  vendor?.reply(alone);
  const asked = { method: 'POST', body: { model: body.model }, headers: { Authorization: `Bearer ${TOKEN}` } };
  expect((await gateway.app.send('/api/models/ask', asked)).status).toBe(200);
  expect([streamed.split(`"delta":{"images":${JSON.stringify(IMAGES)}}`).length, streamed.includes('"error"')]).toEqual([2, false]);
});

test.each(Object.entries(APIS))('a picture by a model of %s is no empty answer elsewhere', async (api, { alone, withText }) => {
  const gateway = await startVendorsGateway();
  const vendor = gateway.vendors[api];
  const model = `${api}/fake-model`;
  const paths = { '/v1/messages': { messages: QUESTION, max_tokens: 99 }, '/v1/responses': { input: 'Draw a cat.' } };
  for (const [path, body] of Object.entries(paths)) {
    for (const stream of [false, true]) {
      vendor?.reply(alone);
      const answer = await gateway.app.send(path, { method: 'POST', body: { model, ...body, stream } });
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('the model answered with a picture')]);
      expect(answer.headers['x-should-retry']).toBe('false');
    }
    vendor?.reply(withText);
    expect(await post(gateway, path, { model, ...body })).toMatch(/"text":"A cat:"/);
  }
  // All of it was paid for.
  const { models } = (await gateway.app.send('/api/usage')).json as { models: { calls: number; outputTokens: number }[] };
  expect(models).toMatchObject([{ calls: 6, outputTokens: 6 * (api === 'google-generative-ai' ? 1_290 : 5) }]);
  vendor?.reply(alone);
  const { last } = await ask(gateway.conversation, { message: 'Draw a cat.', model });
  expect(last).toMatchObject({ type: 'error', message: expect.stringContaining('answered with a picture') as string });
});

test('pictures and sources of a stream arrive as they were sent, and can be sent back', async () => {
  const { send, upstream } = await startOpenAiGateway();
  const chunks = [
    chunk({ role: 'assistant', content: 'Hi' }),
    chunk({ annotations: [SOURCE] }),
    chunk({ images: IMAGES }),
    chunk({ images: [{ type: 'image_url', image_url: null }, ...IMAGES] }),
    chunk({}, 'stop'),
    usageChunk(7, 3),
  ];
  upstream.play({ chunks }, { chunks });
  const body = { model: 'up/one', messages: QUESTION, modalities: ['image', 'text'] };
  const { json } = await send('/v1/chat/completions', { method: 'POST', body });
  const answered = { role: 'assistant', content: 'Hi', images: [...IMAGES, ...IMAGES], annotations: [SOURCE] };
  expect(json).toMatchObject({ choices: [{ message: answered }] });
  const streamed = await send('/v1/chat/completions', { method: 'POST', body: { ...body, stream: true } });
  expect(streamed.text).toContain(`"delta":{"annotations":${JSON.stringify([SOURCE])}}`);
  await send('/v1/chat/completions', { method: 'POST', body: { ...body, messages: [...QUESTION, answered, ...QUESTION] } });
  // OpenRouter needs the annotations of a file back: it would read, and charge, the file again.
  const { images, annotations } = answered;
  expect(upstream.bodies).toMatchObject([{ modalities: ['image', 'text'] }, {}, { messages: [{}, { images, annotations }, {}] }]);
});

test('sound is refused before it is paid for', async () => {
  const { send, upstream } = await startOpenAiGateway();
  const body = { model: 'up/one', messages: QUESTION, modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'pcm16' } };
  expect(await send('/v1/chat/completions', { method: 'POST', body })).toMatchObject({
    status: 400,
    json: { error: { param: 'modalities.1', message: expect.stringContaining('must not contain audio') as string } },
  });
  expect(upstream.bodies).toEqual([]);
});
