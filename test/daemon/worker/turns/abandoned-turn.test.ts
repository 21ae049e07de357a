import { expect, test, vi } from 'vitest';
import { readLeaseOwner } from '../../../../daemon/worker/store/leases.js';
import { readRunningTurns } from '../../../../daemon/worker/store/conversations/turns.js';
import { GatewayError } from '../../../../shared/errors.js';
import { eventually } from '../../../helpers/eventually.js';
import { readTurn } from '../../../helpers/make-conversation.js';
import { candidate, makeTurns, usage } from '../../../helpers/turns-fixture.js';

async function makeWorld() {
  const { store, clock, turns, request, looks } = await makeTurns();
  let isAway = false;
  const write = store.write.bind(store);
  const spied = vi.spyOn(store, 'write').mockImplementation((work) => {
    return isAway ? Promise.reject(new GatewayError('UNAVAILABLE', { message: 'the database is away' })) : write(work);
  });
  const model = candidate(async function* () {
    yield { type: 'delta', text: 'Hello' };
    isAway = true;
    yield { type: 'finish', usage };
  });
  const { last } = await readTurn(turns.start(request(model), new AbortController().signal));
  expect(last).toMatchObject({ type: 'error', code: 'UNAVAILABLE' });
  const held = () => store.read(async (tx) => [(await readRunningTurns(tx)).length, await readLeaseOwner(tx, 'session:1')]);
  expect(await held()).toEqual([1, 'wk_1']);
  return { clock, turns, held, spied, looks, comeBack: () => void (isAway = false) };
}

test('a turn whose end cannot be stored is given up once the database is back, so that it or others can go on in its session', async () => {
  const { clock, held, looks, comeBack } = await makeWorld();
  clock.advance(1_000);
  expect(await held()).toEqual([1, 'wk_1']);
  comeBack();
  await eventually(async () => {
    clock.advance(1_000);
    expect(await held()).toEqual([0, undefined]);
    // It may have been approved before.
    expect(looks.count).toBe(1);
  });
});

test('a worker that ends leaves that to the next one', async () => {
  const { clock, turns, held, spied, comeBack } = await makeWorld();
  await turns.drain(0);
  comeBack();
  const before = spied.mock.calls.length;
  clock.advance(60_000);
  expect(await held()).toEqual([1, 'wk_1']);
  expect(spied.mock.calls.length).toBe(before);
});
