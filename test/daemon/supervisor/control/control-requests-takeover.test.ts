/** What a start with `--force` asks of the gateway that runs. */
import { describe, expect, test } from 'vitest';
import { restart } from '../../../../daemon/supervisor/control/control-requests.js';
import { DRAIN_MS, handedOver } from '../../../helpers/fake-predecessor.js';
import { controlled as gateway, type Facts, RESULT, STATUS } from '../../../helpers/control-context.js';

const quiet = (): void => undefined;

describe('a start that wants to take over', () => {
  const others: readonly { what: string; facts: Facts; expects?: string; pid: number }[] = [
    { what: 'while another takeover goes on', facts: { isUnderWay: true }, pid: 22 },
    { what: 'while this gateway takes over', facts: { arriving: new Promise<void>(() => undefined) }, pid: process.pid },
    { what: 'after another one has replaced the gateway that it found', facts: {}, expects: 'gw_0', pid: process.pid },
  ];
  test.each(others)('loses $what', async ({ facts, expects = 'gw_1', pid }) => {
    const { context, called } = gateway(facts);
    const outcome = restart(context, { force: true, exclusive: true, expects }, quiet);
    await expect(outcome).rejects.toMatchObject({ code: 'LOCK_HELD', details: { pid } });
    expect(called).toEqual([]);
  });

  test('takes over from a gateway that has itself just taken over', async () => {
    const { context, called } = gateway();
    const { link: predecessor, parent } = await handedOver();
    void predecessor.retire(DRAIN_MS);
    parent.says({ type: 'quiesced' });
    predecessor.succeeded({ pid: 23, instanceId: 'wk_9' });
    await restart({ ...context, predecessor }, { force: true, exclusive: true, expects: 'gw_1' }, quiet);
    expect(called).toEqual(['succession {}']);
  });
});

describe('options of a takeover', () => {
  const token = { token: 'in-force', source: 'env' } as const;
  const others: readonly Facts[] = [{ noRespawn: true }, { serviceMarker: 'systemd' }];

  test.each(others)('that %j would not put in force are refused, also while it is about to be started again', async (facts) => {
    const states: readonly Facts[] = [{}, { desired: 'down', restarting: [Promise.resolve(RESULT)] }];
    for (const state of states) {
      const { context, called } = gateway({ ...facts, ...state, token });
      for (const succession of [{ port: 8080 }, { host: '0.0.0.0' }, { token: 'another' }]) {
        await expect(restart(context, { force: true, succession }, quiet)).rejects.toMatchObject({ code: 'CONFLICT' });
      }
      expect(called).toEqual([]);
    }
  });

  test.each(others)('that are in force already are no reason to refuse with %j', async (facts) => {
    const { context, called } = gateway({ ...facts, token });
    await restart(context, { force: true, succession: { host: STATUS.host, port: STATUS.port, token: 'in-force' } }, quiet);
    expect(called).toContain('restart undefined');
  });
});
