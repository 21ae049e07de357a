/** How closely a model looks at a picture decides what it costs and what it sees. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import { TOKEN } from '../../../helpers/http-app.js';
import { startMessagesGateway } from '../../../helpers/messages-gateway.js';

const inline = 'data:image/png;base64,AAAA';
const linked = 'https://example.com/cat.png';
const model = 'up/plain';

test.each<[ApiKind, (url: string) => object]>([
  ['openai-responses', (url) => ({ type: 'input_image', image_url: url, detail: 'low' })],
  ['openai-completions', (url) => ({ type: 'image_url', image_url: { url, detail: 'low' } })],
])('the detail of a picture reaches %s from both APIs of OpenAI', async (api, sent) => {
  const { baseURL, vendor } = await startMessagesGateway(api);
  const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: TOKEN, maxRetries: 0 });
  for (const url of [inline, linked]) {
    await client.responses.create({ model, input: [{ role: 'user', content: [{ type: 'input_image', image_url: url, detail: 'low' }] }] });
    await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url, detail: 'low' } }] }],
    });
  }
  const place = api === 'openai-responses' ? 'input' : 'messages';
  expect(vendor.requests.map(({ body }) => body[place])).toEqual(
    [inline, inline, linked, linked].map((url) => [{ role: 'user', content: [sent(url)] }]),
  );
});

test('so does that of a picture in the result of a tool', async () => {
  const { baseURL, vendor } = await startMessagesGateway('openai-responses');
  const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: TOKEN, maxRetries: 0 });
  const pictures = [inline, linked].map((image_url) => ({ type: 'input_image' as const, image_url, detail: 'high' as const }));
  await client.responses.create({
    model,
    input: [
      { role: 'user', content: 'x' },
      { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: pictures },
    ],
  });
  expect(vendor.requests[0]?.body['input']).toMatchObject([{}, {}, { output: [{}, ...pictures] }]);
});
