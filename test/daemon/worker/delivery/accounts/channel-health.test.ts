import { expect, test } from 'vitest';
import { type AccountFacts, accountHealth } from '../../../../../daemon/worker/delivery/accounts/channel-health.js';

const NOW = 10_000_000;
const MINUTE = 60_000;
const lastError = { message: 'connection refused', atMs: NOW };

const quiet: AccountFacts['messages'] = {
  waiting: 0,
  oldestWaitingAtMs: null,
  retrying: 0,
  dead: 0,
  unknown: 0,
  lost: 0,
  lastError: null,
  lastDeliveredAtMs: null,
};

type Case = [string, Partial<AccountFacts['messages']>, AccountFacts['status'], string, string | null];

const CASES: Case[] = [
  ['nothing to do', {}, { state: 'running' }, 'ok', null],
  ['messages wait, none has failed', { waiting: 9, oldestWaitingAtMs: NOW - MINUTE }, { state: 'running' }, 'ok', null],
  ['old losses', { dead: 3, lastError }, { state: 'running' }, 'ok', null],
  ['it is switched off', {}, { state: 'off' }, 'ok', null],
  [
    'a first failure',
    { waiting: 1, retrying: 1, oldestWaitingAtMs: NOW - 1_000, lastError },
    { state: 'running' },
    'degraded',
    'Sending fails and is being retried: 1 message waiting. The last error: connection refused',
  ],
  [
    'one chat fails, others get theirs',
    { waiting: 2, retrying: 1, oldestWaitingAtMs: NOW - 5 * MINUTE, lastError, lastDeliveredAtMs: NOW - MINUTE },
    { state: 'running' },
    'degraded',
    'Sending fails and is being retried: 2 messages waiting. The last error: connection refused',
  ],
  [
    'nothing arrives',
    { waiting: 16, retrying: 2, oldestWaitingAtMs: NOW - MINUTE, lastError, lastDeliveredAtMs: NOW - 2 * MINUTE },
    { state: 'running' },
    'down',
    'Nothing is delivered: 16 messages waiting. The last error: connection refused',
  ],
  [
    'a recent loss',
    { dead: 1, lost: 1, lastError: { message: 'no such chat.', atMs: NOW } },
    { state: 'running' },
    'degraded',
    '1 message not delivered in the last hour. The last error: no such chat.',
  ],
  ['it has stopped', {}, { state: 'failed', message: 'the token is refused' }, 'down', 'The account has stopped: the token is refused'],
  ['it is not connected', {}, { state: 'backoff' }, 'down', 'The account is not working and tries again.'],
];

test.each(CASES)('%s', (...[, messages, status, state, reason]) => {
  expect(accountHealth({ status, messages: { ...quiet, ...messages }, nowMs: NOW })).toMatchObject({ state, reason });
});

test('what is wrong has a code, and so has its cause where it is known', () => {
  const facts = { waiting: 2, retrying: 1, oldestWaitingAtMs: NOW, lastError: { message: 'the receiver answered 500', atMs: NOW } };
  expect(accountHealth({ status: { state: 'running' }, messages: { ...quiet, ...facts }, nowMs: NOW }).why).toEqual({
    code: 'with-last-error',
    values: {
      what: { code: 'delivery-retries', values: { count: 2 } },
      cause: { code: 'receiver-answered', values: { status: '500' } },
    },
  });
});
