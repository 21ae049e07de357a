/** Asks a server that speaks OpenAI's API which models it has. */
import type { ConnectionSettings } from './provider.js';

const TIMEOUT_MS = 2_000;
const MAX_BODY_BYTES = 4_194_304;
const MAX_MODELS = 1_000;

async function readBounded(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  for (let length = 0; reader !== undefined; length += chunks.at(-1)?.length ?? 0) {
    if (length > MAX_BODY_BYTES) {
      await reader.cancel();
      throw new Error(`the list of models is longer than ${MAX_BODY_BYTES} bytes`);
    }
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function idsIn(document: unknown): string[] {
  const data = (document as { data?: unknown } | null)?.data;
  const ids = Array.isArray(data) ? data.map((entry) => (entry as { id?: unknown } | null)?.id) : [];
  // Anything else could not be named as `provider/model`.
  return ids.filter((id): id is string => typeof id === 'string' && /^\S{1,200}$/.test(id)).slice(0, MAX_MODELS);
}

/** `GET {baseUrl}/models`. @throws when it does not answer with a list within two seconds */
export async function listModels(settings: ConnectionSettings): Promise<string[]> {
  const { baseUrl, apiKey, headers } = settings;
  const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/models`, {
    headers: { ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }), ...headers },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = await readBounded(response);
  if (!response.ok) throw new Error(`${baseUrl}/models answered with HTTP ${response.status}`);
  return idsIn(JSON.parse(body));
}
