import { join } from 'node:path';
import { expect, test } from 'vitest';
import { insertAttachments } from '../../../../../daemon/worker/store/conversations/attachments.js';
import { appendMessage } from '../../../../../daemon/worker/store/conversations/messages.js';
import { MIGRATIONS } from '../../../../../daemon/worker/store/migrations/index.js';
import { trimmedFiles } from '../../../../../daemon/worker/store/migrations/0044-trimmed-files.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';
import { addSession, openStore } from '../../../../helpers/open-store.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

test('the files of messages that are gone are removed, those of messages and unsent ones stay', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const before = await openStore({ path, migrations: MIGRATIONS.filter(({ version }) => version < trimmedFiles.version) });
  const { id: sessionId } = await addSession(before, 'one');
  await before.write(async (tx) => {
    const message = { sessionId, turnId: null, role: 'user', content: 'x', model: null, status: 'complete', nowMs: 1 } as const;
    await appendMessage(tx, { ...message, id: 'there' });
    for (const place of [{ messageId: 'there' }, { messageId: 'gone' }, {}]) {
      const file = { id: place.messageId ?? 'unsent', name: 'a.txt', mediaType: 'text/plain', content: Buffer.from('text') };
      await insertAttachments(tx, { ...place, sessionId, files: [file], nowMs: 1 });
    }
  });
  await before.close();
  const store = await openStore({ path });
  const files = await store.read((tx) => queriesOf(tx).selectFrom('attachments').select('id').orderBy('id').execute());
  expect(files.map(({ id }) => id)).toEqual(['there', 'unsent']);
});
