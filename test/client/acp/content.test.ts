import { expect, test } from 'vitest';
import { messageOf, updatesOf } from '../../../client/acp/content.js';

test('a prompt is one text: its words, links, and files between fences that they do not end', () => {
  const file = { uri: 'file:///a.md', text: 'x\n```\ny' };
  expect(
    messageOf([
      { type: 'text', text: 'Look at ' },
      { type: 'resource_link', name: 'b.ts', uri: 'file:///b.ts' },
      { type: 'resource', resource: file },
      { type: 'resource', resource: { uri: 'file:///c.png', blob: 'AA==' } },
    ]),
  ).toBe('Look at [b.ts](file:///b.ts)\n\nfile:///a.md\n````\nx\n```\ny\n````\n\n[file:///c.png]');
  expect(messageOf([{ type: 'text', text: ' \n' }])).toBe('');
});

test('an editor is shown what was asked and answered', () => {
  expect(updatesOf({ role: 'user', content: 'Hi' })).toMatchObject([{ sessionUpdate: 'user_message_chunk', content: { text: 'Hi' } }]);
  expect(updatesOf({ role: 'assistant', content: 'Hello' })).toMatchObject([{ sessionUpdate: 'agent_message_chunk' }]);
  expect([updatesOf({ role: 'tool', content: 'x' }), updatesOf({ role: 'assistant', content: '' })]).toEqual([[], []]);
});
