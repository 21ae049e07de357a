import { expect, onTestFinished, test } from 'vitest';
import { isServedOutside, takersOutside } from '../../../../../daemon/worker/store/postgres/members/abilities.js';
import { createDatabase, postgresAt, query } from '../../../../helpers/store-engine.js';

test('accounts go to workers of other gateways that have renewed their row, are not new and not being replaced', async () => {
  const url = await createDatabase();
  const { reader, close } = await postgresAt(url, { lineage: { id: 'own', name: 'own' } }).open({ isAlone: true });
  onTestFinished(close);
  const add = (id: string, { lineage = id, joined = 60, renewed = 1, serves = '["account:webhook/a","ready:webhook/a"]' } = {}) =>
    query(
      url,
      `insert into instances (id, lineage, name, version, settings, serves, joined_at, renewed_at, expires_at)
      values ('${id}', '${lineage}', '', '', '', '${serves}', now() - interval '${joined} s', now() - interval '${renewed} s', now())`,
    );
  await add('silent', { renewed: 9 });
  await add('new', { joined: 1 });
  await add('mine', { lineage: 'own' });
  await add('leaving', { lineage: 'pair' });
  await add('next', { lineage: 'pair' });
  await add('good');
  expect(await takersOutside(reader, 'own')).toEqual([{ id: 'good', accounts: new Set(['webhook/a']) }]);
  expect(await isServedOutside(reader, 'own', ['cron'])).toBe(false);
  expect([await isServedOutside(reader, 'own', ['account:webhook/']), await isServedOutside(reader, 'own', ['account:webhook/b'])]).toEqual(
    [true, false],
  );
});
