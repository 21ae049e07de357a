import { expect, test } from 'vitest';
import { parseToolUse, toolUseMessages } from '../../../../../daemon/worker/turns/model/past-tool-use.js';
import { anthropic } from '../../../../fakes/vendors/anthropic.js';
import { google } from '../../../../fakes/vendors/google.js';
import { openAiCompletions } from '../../../../fakes/vendors/openai-completions.js';
import { openAiResponses } from '../../../../fakes/vendors/openai-responses.js';
import { says } from '../../../../fakes/vendors/vendor-reply.js';
import { startVendor } from '../../../../fakes/vendors/vendor-server.js';
import { ask, makeConversation } from '../../../../helpers/make-conversation.js';

const VENDORS = [
  { api: 'openai-completions', protocol: openAiCompletions },
  { api: 'openai-responses', protocol: openAiResponses },
  { api: 'anthropic-messages', protocol: anthropic },
  { api: 'google-generative-ai', protocol: google },
] as const;

test.each(VENDORS)('$api: a later question comes with what tools have said before', async ({ api, protocol }) => {
  const fake = await startVendor(protocol);
  const provider = {
    baseUrl: fake.baseUrl,
    apiKey: 'key-of-the-fake',
    api,
    models: [{ id: 'fake-model', contextWindow: 50_000, maxTokens: 900 }],
  };
  const conversation = await makeConversation({ models: { providers: { fake: provider } } });
  fake.reply({ ...says('I look. '), calls: [{ id: 'c1', name: 'time', input: { timezone: 'Asia/Tokyo' } }] }, says('Noon.'));
  await ask(conversation, 'What time is it?');
  fake.reply(says('As I said.'));
  const { text } = await ask(conversation, 'And where?');
  expect(text).toBe('As I said.');
  const sent = JSON.stringify(fake.requests.at(-1)?.body);
  // Its input as the call, and its answer as the result.
  expect(sent).toMatch(/timezone[\\": ]+Asia\/Tokyo/);
  expect(sent).toContain('(Asia/Tokyo)');
  expect(sent.indexOf('What time is it?')).toBeLessThan(sent.indexOf('(Asia/Tokyo)'));
  expect(sent.indexOf('(Asia/Tokyo)')).toBeLessThan(sent.indexOf('And where?'));
});

test('a long result is given in part, a long input as the text that was kept', () => {
  const [calls, results] = toolUseMessages('abc', { name: 'fetch', input: '{"url":"htt…', output: 'x'.repeat(9_000), isError: true });
  expect(calls.calls).toEqual([{ id: 'abc', name: 'fetch', input: { text: '{"url":"htt…' } }]);
  expect(results.results[0]).toMatchObject({ callId: 'abc', isError: true });
  expect(results.results[0]?.output.length).toBeLessThan(4_100);
  expect(results.results[0]?.output).toContain('the rest is omitted');
});

test('other texts are not parsed as the use of a tool', () => {
  expect(parseToolUse('hello')).toBeUndefined();
  expect(parseToolUse('time {}\n\n12:00\n\nand more')).toEqual({ name: 'time', input: '{}', output: '12:00\n\nand more' });
});
