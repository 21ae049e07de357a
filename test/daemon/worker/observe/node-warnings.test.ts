import { expect, test } from 'vitest';
import { nodeWarnings } from '../../../../daemon/worker/observe/node-warnings.js';
import type { NodeStatus } from '../../../../shared/api/gateway/status.js';

const node = (name: string, more: Partial<NodeStatus> = {}): NodeStatus => ({
  name,
  version: '1.0.0',
  address: null,
  since: '2026-01-01T00:00:00.000Z',
  renewedAt: '2026-01-01T00:00:00.000Z',
  settings: 'a-b-c-d',
  isSelf: false,
  ...more,
});

test.each([
  { what: 'no nodes', nodes: [], messages: [] },
  { what: 'the same', nodes: [node('here', { isSelf: true }), node('there')], messages: [] },
  {
    what: 'others with another version or configuration',
    nodes: [
      node('here', { isSelf: true }),
      node('old', { version: '0.9.0' }),
      node('odd', { settings: 'a-x-y-d' }),
      node('short', { settings: 'a-b-c-x' }),
    ],
    messages: [
      'the gateway old on the same database has version 0.9.0 (this one: 1.0.0)',
      'the gateway odd on the same database has other channels and other models',
      'the gateway short on the same database has different retention limits',
    ],
  },
  {
    what: 'another build, whose defaults are others,',
    nodes: [node('here', { isSelf: true, build: 'b1' }), node('there', { build: 'b2', settings: 'w-x-y-z' })],
    messages: ['the gateway there on the same database has version 1.0.0 build b2 (this one: 1.0.0 build b1)'],
  },
])('of $what each that differs is named', ({ nodes, messages }) => {
  expect(nodeWarnings(nodes).map(({ message }) => message)).toEqual(messages);
});
