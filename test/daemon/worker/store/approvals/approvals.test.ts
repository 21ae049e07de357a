import { expect, test } from 'vitest';
import {
  type Approval,
  cancelApprovals,
  countPending,
  decideApproval,
  expireApprovals,
  findApproval,
  hasPending,
  insertApproval,
  listApprovals,
  moveApprovals,
  nextExpiry,
  purgeApprovals,
  readApprovalsOfTurn,
} from '../../../../../daemon/worker/store/approvals/approvals.js';
import { namedSession } from '../../../../../daemon/worker/sessions/session-key.js';
import { addGrant, findGrant, isGranted, listGrants, removeGrant } from '../../../../../daemon/worker/store/approvals/grants.js';
import { deleteSession, purgeSessions } from '../../../../../daemon/worker/store/conversations/session-removal.js';
import { ensureSession, type Session } from '../../../../../daemon/worker/store/conversations/sessions.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { addSession, openStore } from '../../../../helpers/open-store.js';

const INPUT = { path: '/tmp/a\u0000b', half: '\uD83D', list: [1.5, null, '中文'] };

function ask(store: Store, { id: sessionId }: Session, change: { turnId?: string; callIndex?: number; expiresAtMs?: number } = {}) {
  const { turnId = 'turn_1', callIndex = 0, expiresAtMs = 9_000 } = change;
  const call = {
    turnId,
    step: 2,
    callIndex,
    sessionId,
    agentId: 'main',
    tool: 'files__write',
    input: INPUT,
    said: `said \0${'\uD83E\uDD80'.repeat(999)}x\uD83D\uD83D`,
  };
  return store.write(async (tx) => (await insertApproval(tx, call, { askedAtMs: 1_000, expiresAtMs })).id);
}

const by = { via: 'telegram', name: 'Ann \0' };
const find = async (store: Store, id: number): Promise<Approval> => {
  const found = await store.read((tx) => findApproval(tx, id));
  if (found === undefined) throw new Error(`there is no approval ${id}`);
  return found;
};
const approve = (store: Store, id: number, nowMs = 2_000): Promise<boolean> =>
  store.write(async (tx) => (await decideApproval(tx, { id, state: 'approved', by, note: 'go\0', remember: null, nowMs })) !== undefined);
const idsOf = (found: readonly Approval[]): number[] => found.map(({ id }) => id);

test('a question is stored exactly, asked once for a call, and decided once, in time', async () => {
  const store = await openStore();
  const session = await addSession(store, 'a');
  const [first, second] = [await ask(store, session), await ask(store, session, { callIndex: 1, expiresAtMs: 5_000 })];
  await expect(ask(store, session)).rejects.toThrow();
  expect(second).toBeGreaterThan(first);
  const asked = await find(store, first);
  expect(asked).toMatchObject({ turnId: 'turn_1', step: 2, callIndex: 0, sessionKey: session.key, state: 'pending', expiresAtMs: 9_000 });
  expect(JSON.stringify(asked.input)).toBe(JSON.stringify(INPUT));
  expect(asked.said.length).toBe(2_000);
  expect(asked.said.isWellFormed()).toBe(true);
  expect(await store.read(nextExpiry)).toBe(5_000);
  expect(await store.read(countPending)).toBe(2);

  const deny = { id: first, state: 'denied', by: { via: 'page', name: null }, note: null, remember: null, nowMs: 2_000 } as const;
  const outcomes = await Promise.all([approve(store, first), store.write((tx) => decideApproval(tx, deny)), approve(store, first)]);
  expect(outcomes).toEqual([true, undefined, false]);
  expect(await find(store, first)).toMatchObject({ state: 'approved', decidedAtMs: 2_000, decidedBy: by, note: 'go\0' });
  expect(await store.read((tx) => hasPending(tx, 'turn_1'))).toBe(true);
  expect(await approve(store, second, 5_000)).toBe(false);
  expect(idsOf(await store.write((tx) => expireApprovals(tx, 4_999)))).toEqual([]);
  expect(await store.write((tx) => expireApprovals(tx, 5_000))).toMatchObject([{ id: second, state: 'expired', decidedAtMs: 5_000 }]);
  expect(await store.write((tx) => expireApprovals(tx, 5_000))).toEqual([]);
  expect(await store.read((tx) => hasPending(tx, 'turn_1'))).toBe(false);
  expect(await store.read(nextExpiry)).toBeUndefined();
});

test('a turn that goes on takes its approvals along; one that ends cancels those that wait', async () => {
  const store = await openStore();
  const session = await addSession(store, 'a');
  const [second, first] = [await ask(store, session, { callIndex: 1 }), await ask(store, session, { callIndex: 0 })];
  await approve(store, first);
  await store.write((tx) => moveApprovals(tx, { from: 'turn_1', to: 'turn_2' }));
  expect(await store.read((tx) => readApprovalsOfTurn(tx, 'turn_1'))).toEqual([]);
  expect(idsOf(await store.read((tx) => readApprovalsOfTurn(tx, 'turn_2')))).toEqual([first, second]);
  await store.write((tx) => cancelApprovals(tx, { turnId: 'turn_2', nowMs: 3_000 }));
  expect((await find(store, first)).state).toBe('approved');
  expect(await find(store, second)).toMatchObject({ state: 'cancelled', decidedAtMs: 3_000, decidedBy: null });
  expect(await approve(store, second)).toBe(false);
});

test('lists page by number, by state, session and the program whose sessions they are of; old ones are purged, numbers are not given again', async () => {
  const store = await openStore();
  const [a, b] = [await addSession(store, 'a'), await addSession(store, 'b')];
  const own = { ...namedSession('main', 'a', 'tok_1'), nowMs: 1 };
  const { session: c } = await store.write((tx) => ensureSession(tx, own));
  const one = await ask(store, a, { turnId: 'turn_1' });
  const two = await ask(store, b, { turnId: 'turn_2' });
  const three = await ask(store, a, { turnId: 'turn_3' });
  await approve(store, two);
  const list = async (page: object): Promise<number[]> => idsOf(await store.read((tx) => listApprovals(tx, { limit: 9, ...page })));
  expect(await list({})).toEqual([three, two, one]);
  expect(await list({ limit: 1, beforeId: three })).toEqual([two]);
  expect(await list({ state: 'pending' })).toEqual([three, one]);
  expect(await list({ sessionKey: b.key })).toEqual([two]);
  const four = await ask(store, c, { turnId: 'turn_4' });
  expect([await list({ ownAccount: 'tok_1' }), await list({ ownAccount: 'tok_2' })]).toEqual([[four], []]);
  await store.write((tx) => cancelApprovals(tx, { turnId: 'turn_3', nowMs: 2_000 }));
  await store.write((tx) => cancelApprovals(tx, { turnId: 'turn_4', nowMs: 2_000 }));
  expect(await store.write((tx) => purgeApprovals(tx, 2_000))).toBe(3);
  expect(await list({})).toEqual([one]);
  expect(await ask(store, a, { turnId: 'turn_4' })).toBeGreaterThan(three);
});

test('a grant counts for its session or its agent, once, until it is removed or the session is gone', async () => {
  const store = await openStore();
  const [a, b] = [await addSession(store, 'a'), await addSession(store, 'b')];
  const approval = await find(store, await ask(store, a));
  const mayUse = (sessionKey: string, change: object = {}): Promise<boolean> =>
    store.read((tx) => isGranted(tx, { agentId: 'main', sessionKey, tool: 'files__write', ...change }));
  const grant = (scope: 'session' | 'agent') => store.write((tx) => addGrant(tx, approval, { for: scope, nowMs: 2_000 }));
  expect(await mayUse(a.key)).toBe(false);
  await grant('session');
  await grant('session');
  expect([await mayUse(a.key), await mayUse(b.key), await mayUse(a.key, { tool: 'files__read' })]).toEqual([true, false, false]);
  await grant('agent');
  expect([await mayUse(b.key), await mayUse('none'), await mayUse(a.key, { agentId: 'other' })]).toEqual([true, true, false]);
  const grants = await store.read(listGrants);
  const common = { agentId: 'main', tool: 'files__write', approvalId: approval.id, grantedAtMs: 2_000 };
  expect(grants).toEqual([
    { ...common, id: expect.any(Number), sessionKey: a.key },
    { ...common, id: expect.any(Number), sessionKey: null },
  ]);
  const ofAgent = grants[1]?.id ?? 0;
  expect(await store.read((tx) => findGrant(tx, ofAgent))).toEqual(grants[1]);
  await store.write((tx) => removeGrant(tx, ofAgent));
  expect(await store.read((tx) => findGrant(tx, ofAgent))).toBeUndefined();
  expect([await mayUse(a.key), await mayUse(b.key)]).toEqual([true, false]);
  await store.write((tx) => deleteSession(tx, { key: a.key, nowMs: 3_000 }));
  expect([await mayUse(a.key), await store.read(listGrants)]).toEqual([false, []]);
  expect(await store.read((tx) => listApprovals(tx, { limit: 9 }))).toEqual([]);
  await store.write((tx) => purgeSessions(tx, 3_000));
  expect(await store.read((tx) => findApproval(tx, approval.id))).toBeUndefined();
});
