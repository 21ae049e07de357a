import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LifeLog } from '../../../../daemon/supervisor/state/life-log.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');

function lives() {
  const [clock, path, warnings] = [new FakeClock(NOW), join(tempDir(), 'life.jsonl'), [] as unknown[]];
  const log = { warn: (fields: unknown) => void warnings.push(fields) };
  const open = (at = path): LifeLog => new LifeLog({ path: at, clock, log, isSuccessor: false });
  return { clock, path, warnings, open };
}

test('crashes are remembered by the next supervisor, also after one that was killed, and a cut line is passed over', () => {
  const { clock, path, open } = lives();
  const first = open();
  first.note('up');
  for (let count = 0; count < 5; count += 1) for (const event of ['crash', 'down', 'up'] as const) first.note(event);
  appendFileSync(path, '{"type":"cra');
  clock.advance(60_000);
  first.seen();
  clock.advance(30_000);
  const second = open();
  expect(second.summary()).toMatchObject({ crashesLastHour: 5 });
  second.note('up');
  expect(second.summary()).toMatchObject({ last24Hours: { crashes: 6, restarts: 0, downMs: 30_000 }, crashesLastHour: 6 });
  expect(open().summary()).toEqual(second.summary());
});

test('a supervisor that never served leaves no trace, and a file that cannot be written costs only the numbers', () => {
  const { path, open, warnings } = lives();
  open().note('stop');
  expect(() => readFileSync(path)).toThrow('ENOENT');
  const blind = open(join(path, 'nowhere'));
  blind.note('up');
  blind.note('crash');
  expect(blind.summary()).toMatchObject({ crashesLastHour: 1 });
  expect(warnings.length).toBeGreaterThan(0);
});

test('a file that cannot be inspected costs only the numbers', () => {
  const { path, open, warnings } = lives();
  // Root may inspect any file; a name that is too long fails for everyone.
  const blind = open(join(path, '..', 'a'.repeat(300)));
  blind.note('up');
  blind.note('stop');
  expect(blind.summary()).toMatchObject({ last24Hours: { crashes: 0 } });
  expect(warnings[0]).toMatchObject({ err: { code: 'ENAMETOOLONG' } });
});
