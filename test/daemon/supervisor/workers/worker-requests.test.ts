import { expect, test } from 'vitest';
import { answerWorker, type WorkerRequests } from '../../../../daemon/supervisor/workers/worker-requests.js';
import type { WorkerMessage } from '../../../../shared/ipc/messages.js';
import { GatewayError } from '../../../../shared/errors.js';
import { activeWorker, type FakeWorker } from '../../../helpers/fake-worker.js';

function asking(
  status: () => never = () => ({ state: 'running' }) as never,
): FakeWorker & { done: string[]; receive(message: WorkerMessage): void; ask(query: unknown): unknown } {
  const done: string[] = [];
  const requests: WorkerRequests = {
    status: { document: status },
    restart: (reason) => void done.push(`restart: ${reason}`),
    rotateLogs: () => void done.push('rotate'),
    recordChildren: () => void done.push('children'),
    configResult: ({ instanceId }, { hash }) => void done.push(`${instanceId} ${hash}`),
  };
  const fake = activeWorker();
  const receive = (message: WorkerMessage): void => answerWorker(requests, fake.worker, message);
  const ask = (query: unknown): unknown => {
    receive({ type: 'query', id: 'q1', query } as WorkerMessage);
    return fake.child.last('reply');
  };
  return { ...fake, done, receive, ask };
}

test('the status is answered under the question’s id', () => {
  expect(asking().ask({ type: 'status' })).toEqual({ type: 'reply', id: 'q1', result: { state: 'running' } });
});

test('a restart is taken, with its reason', () => {
  const { ask, done } = asking();
  expect(ask({ type: 'restart', reason: 'asked in a chat' })).toEqual({ type: 'reply', id: 'q1', result: { accepted: true } });
  expect(done).toEqual(['restart: asked in a chat']);
});

test.each([[{ type: 'explode' }], [{}], [{ type: { toString: 1 } }]])(
  'an unknown question (%j) is refused and restarts nothing',
  (query) => {
    const { ask, done } = asking();
    expect(ask(query)).toMatchObject({ id: 'q1', error: { code: 'IPC_PROTOCOL' } });
    expect(done).toEqual([]);
  },
);

test('no question at all is an error, not an end', () => {
  expect(asking().ask(undefined)).toMatchObject({ id: 'q1', error: { code: 'INTERNAL_ERROR' } });
});

test('what goes wrong with the answer is the answer', () => {
  const failing = asking(() => {
    throw new GatewayError('UNAVAILABLE', { message: 'not now' });
  });
  expect(failing.ask({ type: 'status' })).toMatchObject({ error: { code: 'UNAVAILABLE', message: 'not now' } });
});

test('a full log is rotated, a result of a configuration is passed on, everything else is ignored', () => {
  const { receive, done } = asking();
  receive({ type: 'configResult', hash: 'h1', outcome: 'applied', problems: [] });
  receive({ type: 'rotateLogs' });
  receive({ type: 'drained', cut: { requests: 0, streams: 0, sockets: 0 } });
  expect(done).toEqual(['wk_1 h1', 'rotate']);
});
