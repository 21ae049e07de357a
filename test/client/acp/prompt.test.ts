import type { SessionUpdate } from '@agentclientprotocol/sdk';
import { expect, test } from 'vitest';
import { Prompt, type PromptEnd, type PromptOptions } from '../../../client/acp/prompt.js';
import type { ServerFrame } from '../../../shared/api/socket.js';

type Body = { readonly type: ServerFrame['type'] } & Record<string, unknown>;

const message = (seq: number, role: string, content: string): Body => ({
  type: 'message',
  seq,
  message: {
    id: `m${seq}`,
    role,
    content,
    createdAt: '2026-01-01T00:00:00.000Z',
    model: null,
    status: role === 'system' ? 'error' : 'complete',
  },
});
const running = (turn: string): Body => ({ type: 'turn', turn, state: 'running', at: 0 });
const delta = (turn: string, at: number, text: string): Body => ({ type: 'delta', turn, at, text });
const current: Body = { type: 'current', hasOlder: false };

function start(askedCall: PromptOptions['askedCall'] = () => undefined) {
  const updates: SessionUpdate[] = [];
  const prompt = new Prompt({ onUpdate: (update) => void updates.push(update), askedCall });
  const take = (...frames: Body[]): PromptEnd | undefined => {
    const ends = frames.map((frame) => prompt.receive({ v: 1, id: '1', session: 's', ...frame } as unknown as ServerFrame));
    return ends.find((end) => end !== undefined);
  };
  const said = (): string =>
    updates.map((update) => (update.sessionUpdate === 'agent_message_chunk' ? (update.content as { text: string }).text : '')).join('');
  return { prompt, updates, take, said, follow: () => prompt.follow('m5') };
}

test('words are shown as they come, and the end of the turn is the end', () => {
  const { take, said, follow } = start();
  expect(follow()).toEqual({});
  expect(
    take(message(4, 'assistant', 'before'), message(5, 'user', 'Hi'), current, running('t'), delta('t', 0, 'Hel'), delta('t', 3, 'lo')),
  ).toBe(undefined);
  expect(said()).toBe('Hello');
  expect(take(message(6, 'assistant', 'Hello'))).toBe(undefined);
  expect(take({ type: 'turn', turn: 't', state: 'done' })).toEqual({ state: 'done' });
  expect(said()).toBe('Hello');
});

test('an answer that is cut off ends as one, also where its end was not seen', () => {
  const answer = message(6, 'assistant', 'You must');
  const cut = { ...answer, message: { ...(answer['message'] as object), turn: { id: 't', cutOff: 'length' } } };
  const { take, follow } = start();
  follow();
  expect(take(message(5, 'user', 'How?'), current, running('t'), cut, { type: 'turn', turn: 't', state: 'done' })).toEqual({
    state: 'done',
    cutOff: 'length',
  });
  const later = start();
  later.follow();
  expect(later.take(message(5, 'user', 'How?'), cut, current)).toEqual({ state: 'done', cutOff: 'length' });
});

test('an answer to somebody else, before the question has its turn, is neither shown nor the end', () => {
  const { take, said, follow } = start();
  follow();
  expect(take(message(3, 'user', 'Other'), current, running('a'), delta('a', 0, 'for others'))).toBe(undefined);
  expect(take(message(4, 'assistant', 'for others'), { type: 'turn', turn: 'a', state: 'done' })).toBe(undefined);
  expect(take(message(5, 'user', 'Hi'), running('b'), delta('b', 0, 'for me'))).toBe(undefined);
  expect(said()).toBe('for me');
});

test('words that come before their question are shown once it is there', () => {
  const { take, said, follow } = start();
  follow();
  take(current, running('t'), delta('t', 0, 'early'));
  expect(said()).toBe('');
  take(message(5, 'user', 'Hi'));
  expect(said()).toBe('early');
});

test('after a loss it goes on where it was: within the answer, with another attempt, or at its end', () => {
  const { take, said, follow } = start();
  follow();
  take(message(5, 'user', 'Hi'), current, running('t'), delta('t', 0, 'one two'));
  expect(follow()).toEqual({ after: 5, turn: { id: 't', length: 7, tools: 0 } });
  take({ ...running('t'), at: 7 }, current, delta('t', 7, ' three'));
  expect(said()).toBe('one two three');
  follow();
  // Begun anew by another worker: the same words, then others.
  take({ type: 'rewound', fromSeq: 6 }, running('u'), current, delta('u', 0, 'one two'));
  expect(said()).toBe('one two three');
  take(delta('u', 7, ' three four'));
  expect(said()).toBe('one two three four');
  expect(follow()).toMatchObject({ after: 5 });
  expect(take(message(6, 'assistant', 'one two three four five'), current)).toEqual({ state: 'done' });
  expect(said()).toBe('one two three four five');
});

test('an attempt that says something else is shown after a blank line', () => {
  const { take, said, follow } = start();
  follow();
  take(message(5, 'user', 'Hi'), running('t'), delta('t', 0, 'Yes, of'), running('u'), delta('u', 0, 'No'), delta('u', 2, ', never'));
  expect(said()).toBe('Yes, of\n\nNo, never');
});

test('a turn that has waited for a decision says its words again, under the same id', () => {
  const { take, said, follow } = start();
  follow();
  take(message(5, 'user', 'Hi'), running('t'), delta('t', 0, 'I ask. '), { type: 'turn', turn: 't', state: 'waiting' });
  // Its end is sent even if nobody decides.
  expect(follow()).toEqual({ after: 5, turn: { id: 't', length: 0, tools: 0 } });
  take(running('t'), delta('t', 0, 'I ask. '), delta('t', 7, 'Done'), running('t'), delta('t', 0, 'I ask. Done!'));
  expect(said()).toBe('I ask. Done!');
});

test('a question that a reset takes away is looked for again, and a failure has the words of the gateway', () => {
  const { take, follow } = start();
  follow();
  take(message(5, 'user', 'Hi'), running('t'));
  expect(follow()).toMatchObject({ after: 5 });
  expect(take({ type: 'reset' }, message(5, 'user', 'Hi'), message(6, 'system', 'no model is configured'), current)).toEqual({
    state: 'error',
    error: 'no model is configured',
  });
  expect(take({ type: 'turn', turn: 't', state: 'error' })).toEqual({ state: 'error', error: 'no model is configured' });
});

test('a question whose turn cannot begin ends with the notice of the gateway', () => {
  const { take, follow } = start();
  follow();
  expect(take(current, message(4, 'system', 'for others'))).toBe(undefined);
  expect(take(message(5, 'user', 'Hi'), message(6, 'system', 'no such agent'))).toEqual({ state: 'error', error: 'no such agent' });
});

test('the end of an attempt after the answer of a later one is the end of that answer', () => {
  const { take, follow } = start();
  follow();
  take(message(5, 'user', 'Hi'), current, running('t'));
  follow();
  const answer = message(6, 'assistant', 'Hello');
  const later = { ...answer, message: { ...(answer['message'] as object), turn: { id: 'u' } } };
  expect(take(later, { type: 'turn', turn: 't', state: 'error' })).toEqual({ state: 'done' });
});

test('an interrupted attempt whose repetition was stopped before its first word is cancelled', () => {
  const { take, follow } = start();
  follow();
  take(message(5, 'user', 'Hi'), current, running('t'), delta('t', 0, 'It '));
  follow();
  expect(take(current, { type: 'turn', turn: 't', state: 'error' })).toEqual({ state: 'aborted' });
});

test('a notice about a turn that this client has not seen is the only answer', () => {
  const { take, follow } = start();
  const given = message(6, 'system', 'it was interrupted');
  const notice = { ...given, message: { ...(given['message'] as object), turn: { id: 't' } } };
  follow();
  expect(take(message(5, 'user', 'Hi'), current, notice)).toEqual({ state: 'error', error: 'it was interrupted' });
});

test('calls of tools have an id each, which another attempt repeats', () => {
  const { take, updates, follow } = start();
  follow();
  const step = (turn: string, index: number, [state, detail]: readonly [string, string]): Body => ({
    type: 'tool',
    turn,
    index,
    tool: { name: 'time', state, detail },
  });
  take(message(5, 'user', 'Hi'), running('t'), step('t', 0, ['call', '{}']), step('t', 1, ['result', 'noon']), step('t', 2, ['call', '']));
  take(running('u'), step('u', 0, ['call', '{}']), step('u', 1, ['error', 'no clock']));
  const text = (value: string) => [{ type: 'content', content: { type: 'text', text: value } }];
  expect(updates).toEqual([
    { sessionUpdate: 'tool_call', toolCallId: 'm5:0', title: 'time', kind: 'other', status: 'in_progress', content: text('{}') },
    { sessionUpdate: 'tool_call_update', toolCallId: 'm5:0', status: 'completed', content: text('noon') },
    { sessionUpdate: 'tool_call', toolCallId: 'm5:2', title: 'time', kind: 'other', status: 'in_progress', content: [] },
    { sessionUpdate: 'tool_call_update', toolCallId: 'm5:0', title: 'time', kind: 'other', status: 'in_progress', content: text('{}') },
    { sessionUpdate: 'tool_call_update', toolCallId: 'm5:0', status: 'failed', content: text('no clock') },
  ]);
});

test('a call that the editor was asked about goes on under the id of the question', () => {
  const asked = ['approval-7'];
  const { take, updates, follow } = start(({ turn, tool }) => (turn === 't' && tool === 'time' ? asked.pop() : undefined));
  follow();
  const tool = (index: number, state: string): Body => ({ type: 'tool', turn: 't', index, tool: { name: 'time', state, detail: '' } });
  take(message(5, 'user', 'Hi'), running('t'), tool(0, 'call'), tool(1, 'result'), tool(2, 'call'));
  expect(
    updates.map((update) => [update.sessionUpdate, 'toolCallId' in update && update.toolCallId, 'status' in update && update.status]),
  ).toEqual([
    ['tool_call_update', 'approval-7', 'in_progress'],
    ['tool_call_update', 'approval-7', 'completed'],
    ['tool_call', 'm5:2', 'in_progress'],
  ]);
});
