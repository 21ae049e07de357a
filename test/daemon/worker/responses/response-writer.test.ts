import { expect, test } from 'vitest';
import type { CompletionOutput } from '../../../../daemon/worker/models/completion-call.js';
import { newResponse } from '../../../../daemon/worker/responses/new-response.js';
import { outputOf, ResponseWriter } from '../../../../daemon/worker/responses/response-writer.js';
import { outputItem } from '../../../../shared/api/responses/document.js';
import { responseRequest } from '../../../../shared/api/responses/request.js';

const FINISH = {
  type: 'finish',
  reason: 'tool_calls',
  usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: null, cacheWriteTokens: null, reasoningTokens: null },
} as const;

function write(outputs: readonly Exclude<CompletionOutput, { type: 'error' }>[]) {
  const request = responseRequest().parse({ model: 'main', input: 'x' });
  const writer = new ResponseWriter(newResponse(request, { id: 'resp_1', created_at: 1, status: 'in_progress' }));
  const events = outputs.flatMap((output) => writer.write(output, 2_000));
  return { output: writer.document.output, events, types: events.map(({ type }) => type.replace('response.', '')) };
}

test.each([{ ends: [{ type: 'toolEnd', index: 0 }] as const }, { ends: [] }])(
  'words between two pieces of a call do not end it (told of its end: $ends.length)',
  ({ ends }) => {
    const { output, types } = write([
      { type: 'toolStart', index: 0, id: 't1', name: 'look' },
      { type: 'toolArguments', index: 0, text: '{"x":' },
      { type: 'text', text: '\n' },
      { type: 'reasoning', text: 'hm' },
      { type: 'reasoningEnd' },
      { type: 'toolArguments', index: 0, text: '1}' },
      ...ends,
      FINISH,
    ]);
    expect(output).toMatchObject([
      { type: 'function_call', arguments: '{"x":1}', status: 'completed' },
      { type: 'message', content: [{ text: '\n' }], status: 'completed' },
      { type: 'reasoning', summary: [{ text: 'hm' }] },
    ]);
    expect(types.filter((type) => type === 'output_item.done')).toHaveLength(3);
    expect(types.slice(-3)).toEqual(['function_call_arguments.done', 'output_item.done', 'completed']);
  },
);

test('a call is done as soon as it is complete', () => {
  const { types } = write([
    { type: 'toolStart', index: 0, id: 't1', name: 'look' },
    { type: 'toolArguments', index: 0, text: '{}' },
    { type: 'toolEnd', index: 0 },
    { type: 'text', text: 'Looking.' },
    FINISH,
  ]);
  expect(types.indexOf('output_item.done')).toBeLessThan(types.indexOf('output_text.delta'));
});

test('the output so far is in the events', () => {
  const { output, events } = write([
    { type: 'reasoning', text: 'hm' },
    { type: 'reasoningEnd', vendor: { anthropic: { signature: 's' } } },
    { type: 'text', text: 'Look' },
    { type: 'text', text: 'ing.' },
    { type: 'toolStart', index: 0, id: 't1', name: 'look' },
    { type: 'toolArguments', index: 0, text: '{' },
    { type: 'toolArguments', index: 0, text: '}' },
    { type: 'refusal', text: 'No.' },
    FINISH,
  ]);
  expect(outputOf(events)).toEqual(output);
  const soFar = (type: string) => {
    const written = outputOf(events.slice(0, events.findLastIndex((event) => event.type === `response.${type}`) + 1));
    for (const item of written) outputItem().parse(item);
    return written;
  };
  expect(soFar('reasoning_summary_text.delta')).toMatchObject([{ type: 'reasoning', summary: [{ text: 'hm' }] }]);
  expect(soFar('output_text.delta').at(-1)).toMatchObject({ status: 'incomplete', content: [{ type: 'output_text', text: 'Looking.' }] });
  expect(soFar('function_call_arguments.delta').at(-1)).toMatchObject({ status: 'incomplete', arguments: '{}' });
  expect(soFar('refusal.delta').slice(-2)).toMatchObject([
    { status: 'incomplete', arguments: '{}' },
    { status: 'incomplete', content: [{ type: 'refusal', refusal: 'No.' }] },
  ]);
});
