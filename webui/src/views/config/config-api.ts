/** Requests about the configuration file: its text and its earlier versions. */
import type { ConfigText, ConfigTextOutcome, ConfigVersion } from '../../../../shared/api/gateway/config.js';
import { match } from '../../api/call.js';
import { apiPath, call } from '../../api/client.js';

export type Problem = ConfigText['problems'][number];

export const readText = (signal?: AbortSignal): Promise<ConfigText> => call('GET', '/api/config/text', { signal });

/** Validates a text without writing it. */
export const checkText = (text: string, signal: AbortSignal): Promise<ConfigTextOutcome> =>
  call('POST', '/api/config/text', { body: { text, dryRun: true }, signal, isAction: false });

export async function listVersions(signal?: AbortSignal): Promise<readonly ConfigVersion[]> {
  return (await call<{ versions: ConfigVersion[] }>('GET', '/api/config/versions', { signal })).versions;
}

export const restoreVersion = (id: string, revision: string): Promise<ConfigTextOutcome> =>
  call('POST', apiPath('/api/config/versions/:id/restore', { id }), { headers: match(revision) });
