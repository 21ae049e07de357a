import { expect, test } from 'vitest';
import { startMessagesGateway } from '../../../../helpers/messages-gateway.js';

test('Anthropic’s SDK lists the models, and reads one', async () => {
  const { client } = await startMessagesGateway('anthropic-messages');
  const listed = [];
  for await (const model of client.models.list()) listed.push(model);
  expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining(['main', 'up/fake-model']) as string[]);
  expect(await client.models.retrieve('up/fake-model')).toMatchObject({
    id: 'up/fake-model',
    type: 'model',
    display_name: 'up/fake-model',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
  });
  expect(await client.models.list()).toMatchObject({ has_more: false, first_id: 'main', last_id: listed.at(-1)?.id });
});

test('Anthropic’s SDK reads why a model is not there', async () => {
  const { client } = await startMessagesGateway('anthropic-messages');
  await expect(client.models.retrieve('up/none/none')).rejects.toMatchObject({
    status: 404,
    error: { type: 'error', error: { type: 'not_found_error' } },
  });
});
