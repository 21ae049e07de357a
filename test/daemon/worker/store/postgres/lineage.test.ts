import { expect, test } from 'vitest';
import { lineageOf } from '../../../../../daemon/worker/store/postgres/members/lineage.js';

test('workers with one data directory have one lineage on this boot, and its name says which gateway it is', () => {
  const [one, again, other] = [lineageOf('/home/you/.xopc'), lineageOf('/home/you/.xopc'), lineageOf('/srv/xopc')];
  expect(one).toEqual(again);
  expect(other.id).not.toBe(one.id);
  expect(one.name).toMatch(/^\/home\/you\/\.xopc on \S+$/);
});
