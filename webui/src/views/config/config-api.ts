/** The configuration file over the API: as values, as a text, and as it was before. */
import type { z } from 'zod';
import type {
  configTextResponse,
  configTextWrittenResponse,
  configVersionResponse,
  configVersionsResponse,
} from '../../../../shared/api/gateway/config.js';
import { apiPath, call } from '../../api/client.js';

export type FileText = z.output<ReturnType<typeof configTextResponse>>;
export type Outcome = z.output<ReturnType<typeof configTextWrittenResponse>>;
export type Problem = Outcome['problems'][number];
export type Version = z.output<ReturnType<typeof configVersionsResponse>>['versions'][number];

const match = (revision: string): Record<string, string> => ({ 'If-Match': `"${revision}"` });

export const readText = (signal?: AbortSignal): Promise<FileText> =>
  call('GET', '/api/config/text', signal === undefined ? {} : { signal });

export const judgeText = (text: string, signal: AbortSignal): Promise<Outcome> =>
  call('POST', '/api/config/text', { body: { text, dryRun: true }, signal, isAction: false });

export const writeText = (text: string, revision: string): Promise<Outcome> =>
  call('POST', '/api/config/text', { body: { text }, headers: match(revision) });

export async function listVersions(signal?: AbortSignal): Promise<readonly Version[]> {
  const options = signal === undefined ? {} : { signal };
  return (await call<z.output<ReturnType<typeof configVersionsResponse>>>('GET', '/api/config/versions', options)).versions;
}

export async function readVersion(id: string, signal: AbortSignal): Promise<string> {
  const path = apiPath('/api/config/versions/:id', { id });
  return (await call<z.output<ReturnType<typeof configVersionResponse>>>('GET', path, { signal })).text;
}

export const restoreVersion = (id: string, revision: string): Promise<Outcome> =>
  call('POST', apiPath('/api/config/versions/:id/restore', { id }), { headers: match(revision) });

/** The version that holds the text which had this revision, if it is kept. */
export async function versionOf(revision: string): Promise<Version | undefined> {
  return (await listVersions()).find(({ id }) => revision.startsWith(id.split('-')[1] ?? '-'));
}
