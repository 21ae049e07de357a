/** Writes the model of one agent into the configuration file. */
import type { ConfigTextOutcome } from '../../../../shared/api/gateway/config.js';
import { parseJsonc } from '../../../../shared/config/jsonc.js';
import { editJsonc } from '../../../../shared/config/jsonc-edit.js';
import { valueAt } from '../../../../shared/config/key-path.js';
import { call } from '../../api/client.js';
import { reasonText } from '../../components/feedback/reason-text.js';
import { match, readText } from '../config/config-api.js';

interface Named {
  readonly id: string;
  readonly name: string;
}

/**
 * Edits the value in the file's text: a patch would replace the whole list of agents and lose the comments in it.
 * @returns the revision of the file
 */
export async function writeAgentModel(agent: Named, all: readonly Named[], model: string | undefined): Promise<string> {
  const { text, revision } = await readText();
  const list = valueAt(parseJsonc(text).value, ['agents', 'list']) as readonly { id?: string }[] | undefined;
  const index = list?.findIndex(({ id }) => id === agent.id) ?? -1;
  const whole = all.map(({ id, name }) => ({ id, name, ...(id === agent.id && model !== undefined ? { model } : {}) }));
  const edit = index < 0 ? { path: ['agents', 'list'], value: whole } : { path: ['agents', 'list', index, 'model'], value: model };
  const body = { text: editJsonc(text, [edit]) };
  const outcome = await call<ConfigTextOutcome>('POST', '/api/config/text', { body, headers: match(revision) });
  if (!outcome.written) throw new Error(reasonText(outcome.problems[0] ?? { message: '' }));
  return outcome.revision;
}
