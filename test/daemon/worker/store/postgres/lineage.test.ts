import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lineageOf } from '../../../../../daemon/worker/store/postgres/members/lineage.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

test('workers with one data directory have one lineage on this boot, and its name says which gateway it is', () => {
  const [one, again, other] = [lineageOf('/home/you/.xopc'), lineageOf('/home/you/.xopc'), lineageOf('/srv/xopc')];
  expect(one).toEqual(again);
  expect(other.id).not.toBe(one.id);
  expect(one.name).toMatch(/^\/home\/you\/\.xopc on \S+$/);
});

test('another directory with the same path, as in another container of the host, is that of another gateway', () => {
  const path = join(tempDir(), 'data');
  mkdirSync(path);
  const one = lineageOf(path);
  expect(lineageOf(path)).toEqual(one);
  renameSync(path, `${path}.other`);
  mkdirSync(path);
  expect(lineageOf(path).id).not.toBe(one.id);
});
