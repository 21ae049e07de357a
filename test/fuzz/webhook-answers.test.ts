import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { WebhookAccount } from '../../daemon/worker/channels/webhook/account.js';
import { systemClock } from '../../shared/clock.js';
import { logMemory } from '../helpers/log-memory.js';
import { fuzz } from './fuzz.js';
import { oddAnswer, oddDocument, startOddServer } from './odd-answers.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const server = await startOddServer();
afterAll(() => server.close());

test.each([true, false])('whatever a receiver answers, the attempt has an outcome and the account a state (idempotent: %s)', (idempotent) =>
  fuzz(100, () => {
    const settings = { url: `${server.origin}/hook/path-with-a-secret`, secret: SECRET, idempotent };
    const answer = oddAnswer(oddDocument({ status: 'ok', error: 'no' }), 'application/json');
    return fc.asyncProperty(answer, async (given) => {
      server.answer = given;
      const account = new WebhookAccount({ accountId: 'a', settings: settings as never, clock: systemClock, logger: logMemory() });
      account.start();
      const outcome = await account.send({ id: 'msg_1', accountId: 'a', chatId: 'ops', body: '{}' }, new AbortController().signal);
      const isDelivered = given.status >= 200 && given.status < 300;
      if (given.end === 'whole' && !isHuge(given.headers)) expect(outcome.type === 'delivered').toBe(isDelivered);
      if ('reason' in outcome) {
        expect(outcome.reason).not.toMatch(/\n|whsec_|MfKQ9r8GKYqr|path-with-a-secret/);
        expect(outcome.reason.length).toBeLessThan(600);
      }
      if (outcome.type === 'failed') expect(outcome.retryAfterMs ?? 0).toBeLessThanOrEqual(86_400_000);
      expect(['running', 'failed']).toContain(account.health().state);
      await account.stop();
    });
  }),
);

/** More than Node reads of a header. */
const isHuge = (headers: Readonly<Record<string, string>>): boolean => Object.values(headers).join('').length > 15_000;
