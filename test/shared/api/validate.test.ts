import { expect, test } from 'vitest';
import * as z from 'zod';
import { agentRequest } from '../../../shared/api/agent.js';
import { cronCreateRequest } from '../../../shared/api/cron.js';
import { messageRequest } from '../../../shared/api/messages.js';
import { chatCompletionRequest } from '../../../shared/api/openai.js';
import { sessionChangeRequest } from '../../../shared/api/session-archive.js';
import { sessionListQuery } from '../../../shared/api/sessions.js';
import { type Schema, validate, validateWithNulls } from '../../../shared/api/validate.js';

const cases: readonly (readonly [Schema<unknown>, unknown, string])[] = [
  [agentRequest(), {}, "'message' is required"],
  [agentRequest(), { message: 5 }, "'message' is a number; it must be a string"],
  [agentRequest(), { message: null }, "'message' is null; it must be a string"],
  [agentRequest(), { message: 'x', session: 's'.repeat(600) }, "'session' has more than 512 characters"],
  // A field behind a transformation: zod calls what it expects 'nonoptional'.
  [cronCreateRequest(), { message: 'x' }, "'schedule' is required"],
  [agentRequest(), { message: 'x', mesage: 'x' }, "unknown key 'mesage'"],
  [agentRequest(), [], 'it is a list; it must be an object'],
  [messageRequest(), { channel: 'webchat', chat_id: ['a'], content: 'x' }, "'chat_id' must be text or a whole number"],
  [cronCreateRequest(), { schedule: '* * * * *', message: 'x', mode: 'loud' }, '\'mode\' must be one of "direct", "agent"'],
  [cronCreateRequest(), { schedule: '* * * * *', message: 'x', enabled: 'yes' }, "'enabled' is a string; it must be true or false"],
  [sessionListQuery(), { limit: '0' }, "'limit' must be at least 1"],
  [sessionListQuery(), { limit: '1000' }, "'limit' must be at most 200"],
  [sessionChangeRequest(), { tags: 'work' }, "'tags' is a string; it must be a list"],
  [chatCompletionRequest(), { model: 'main' }, "'messages' is required"],
  [chatCompletionRequest(), { model: 'main', messages: [] }, "'messages' is empty"],
  [
    chatCompletionRequest(),
    { model: 'main', messages: [{ role: 'usr', content: 'x' }] },
    '\'messages.0.role\' must be one of "system", "developer", "user", "assistant", "tool"',
  ],
];

test.each(cases.map(([schema, value, expected]) => ({ schema, value, expected })))(
  'issues are described in words: $expected',
  ({ schema, value, expected }) => {
    expect(() => validate(schema, value, 'body')).toThrow(expected);
    expect(() => validate(schema, value, 'body')).not.toThrow(/Invalid (?!body:)|Too (?:big|small)|undefined|nonoptional/);
  },
);

test('zod can compile what a burst of messages is checked with, which it would otherwise check slowly without a word', () => {
  expect(() => z.compile(messageRequest(), { strict: true })).not.toThrow();
  const message = { channel: 'webchat', chat_id: 5, content: 'hi' };
  expect(validate(messageRequest(), message, 'body')).toEqual({ ...message, chat_id: '5' });
});

test('null counts as left out, except where it has a meaning', () => {
  const one = () => z.strictObject({ name: z.string(), size: z.int().optional() });
  const schema = one().extend({ gone: z.string().nullish(), list: z.array(one()).optional() });
  const read = (value: object) => validateWithNulls(schema, value, 'body');
  const list = [{ name: 'b', size: null }];
  expect(read({ name: 'a', size: null, gone: null, list })).toEqual({ name: 'a', gone: null, list: [{ name: 'b' }] });
  expect(() => validate(schema, { name: 'a', size: null }, 'body')).toThrow("'size' is null; it must be a number");
  expect(() => read({ name: null, size: null })).toThrow("'name' is null; it must be a string");
  expect(() => validateWithNulls(schema.optional(), { nome: null }, 'body')).toThrow("unknown key 'nome'");
  expect(() => read({ name: 'a', other: null })).toThrow("unknown key 'other'");
  expect(() => read({ name: 'a', list: [null] })).toThrow("'list.0' is null; it must be an object");
});
