import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { MIGRATIONS } from '../../../../../daemon/worker/store/migrations/index.js';
import { textsEncodedOnce } from '../../../../../daemon/worker/store/migrations/0045-texts-encoded-once.js';
import { encodeText } from '../../../../../daemon/worker/store/text.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';
import { openStore } from '../../../../helpers/open-store.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

const TEXTS = ['plain 10 %', 'a\u0000b', '\u001A', '\u001A0\u00001\u001A1\u0000\u0000'];

test('a text that was encoded twice comes back as it was', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const before = await openStore({ path, migrations: MIGRATIONS.filter(({ version }) => version < textsEncodedOnce.version) });
  await before.write(async (tx) => {
    for (const [index, text] of TEXTS.entries()) {
      // The driver encodes it once more.
      await sql`insert into cron_jobs (id, name, schedule, timezone, anchor_at, message, mode, session, overlap, missed, interrupted, grace_ms,
          timeout_ms, retries, notify_after, enabled, created_at, updated_at)
        values (${`job_${index}`}, ${encodeText(text)}, 'x', 'UTC', 0, '', 'agent', 'own', 'skip', 'skip', 'skip', 0, 0, 0, 0, 1, 0, 0)`.execute(
        queriesOf(tx),
      );
    }
  });
  await before.close();
  const store = await openStore({ path });
  const jobs = await store.read((tx) => queriesOf(tx).selectFrom('cron_jobs').select('name').orderBy('seq').execute());
  expect(jobs.map(({ name }) => name)).toEqual(TEXTS);
});
