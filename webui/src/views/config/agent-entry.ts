/** Writes a setting of one agent into the configuration file. */
import type { ConfigTextOutcome } from '../../../../shared/api/gateway/config.js';
import { parseJsonc } from '../../../../shared/config/jsonc.js';
import { editJsonc, type JsoncEdit } from '../../../../shared/config/jsonc-edit.js';
import { valueAt } from '../../../../shared/config/key-path.js';
import { ApiError, call } from '../../api/client.js';
import { reasonText, sentence } from '../../components/feedback/reason-text.js';
import { match } from '../../api/call.js';
import { readText } from './config-api.js';
import { t } from './text.js';

interface Named {
  readonly id: string;
  readonly name: string;
}

interface Whose {
  readonly agent: Named;
  readonly all: readonly Named[];
}

/** How often an edit is retried on a file that someone else has changed in the meantime. */
const MAX_TRIES = 3;

/**
 * Edits the value in the file's text: a patch would replace the whole list of agents and lose the comments in it.
 * @param edit  its path is that below the agent
 * @returns the revision of the file. @throws if the file has agents, but not this one
 */
export async function writeAgentEntry(whose: Whose, edit: JsoncEdit, triesLeft = MAX_TRIES): Promise<string> {
  const { agent, all } = whose;
  const { path, value } = edit;
  const { text, revision } = await readText();
  const list = (valueAt(parseJsonc(text).value, ['agents', 'list']) ?? []) as readonly { id?: string }[];
  // If the file has no agents, they are the defaults.
  const whole = list.length === 0 ? [{ path: ['agents', 'list'], value: all.map(({ id, name }) => ({ id, name })) }] : [];
  const at = (list.length === 0 ? all : list).findIndex(({ id }) => id === agent.id);
  if (at < 0) throw new Error(t('agentGone', { id: agent.id }));
  const body = { text: editJsonc(text, [...whole, { path: ['agents', 'list', at, ...path], value }]) };
  const outcome = await call<ConfigTextOutcome>('POST', '/api/config/text', { body, headers: match(revision) }).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 412) || triesLeft <= 1) throw error;
    return undefined;
  });
  if (outcome === undefined) return writeAgentEntry(whose, edit, triesLeft - 1);
  if (!outcome.written) throw new Error(sentence(reasonText(outcome.problems[0] ?? { message: '' })));
  return outcome.revision;
}
