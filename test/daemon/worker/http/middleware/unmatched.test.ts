import { expect, test } from 'vitest';
import { startHttpApp } from '../../../../helpers/http-app.js';

test('programs that expect Ollama are told what to choose instead', async () => {
  const { send } = await startHttpApp();
  for (const [method, path] of [
    ['GET', '/api/tags'],
    ['POST', '/api/chat'],
  ] as const) {
    const { status, json } = await send(path, { method });
    expect([status, JSON.stringify(json)]).toEqual([404, expect.stringContaining('/v1')]);
  }
  expect(JSON.stringify((await send('/api/tag')).json)).not.toContain('Ollama');
});

test('an operation of OpenAI that is not offered is not a response with a wrong method', async () => {
  const { send } = await startHttpApp();
  for (const name of ['input_tokens', 'compact']) expect((await send(`/v1/responses/${name}`, { method: 'POST' })).status).toBe(404);
  expect((await send('/v1/responses/resp_1', { method: 'POST' })).status).toBe(405);
});
