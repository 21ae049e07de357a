/** Signs out. */
import { request } from '../../api/client.js';
import { leaveUnasked } from '../../browser/leaving.js';
import { readJson, settingNames, SIGNED_OUT, writeSetting } from '../../settings.js';
import type { Entry } from '../../views/chat/model/outbox.js';
import { t } from './text.js';

/** Keeps waiting messages from being sent with the token of the person who signs in next. */
function holdMessages(): void {
  const hold = (entry: Entry): Entry => (entry.state === 'failed' ? entry : { ...entry, state: 'failed', error: t('notSent') });
  for (const name of settingNames('outbox.')) writeSetting(name, JSON.stringify((readJson<Entry[]>(name) ?? []).map(hold)));
}

/** The reload, of every tab, drops what was loaded with the session. Drafts stay. @throws ApiError */
export async function leave(): Promise<void> {
  await request({ method: 'DELETE', path: '/api/page-session', isAction: false });
  holdMessages();
  writeSetting(SIGNED_OUT, String(Date.now()));
  leaveUnasked();
}
