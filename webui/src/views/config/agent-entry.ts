/** Writes a setting of one agent into the configuration file. */
import type { ConfigTextOutcome } from '../../../../shared/api/gateway/config.js';
import { parseJsonc } from '../../../../shared/config/jsonc.js';
import { editJsonc, type JsoncEdit } from '../../../../shared/config/jsonc-edit.js';
import { valueAt } from '../../../../shared/config/key-path.js';
import { call } from '../../api/client.js';
import { reasonText } from '../../components/feedback/reason-text.js';
import { match, readText } from './config-api.js';

interface Named {
  readonly id: string;
  readonly name: string;
}

/**
 * Edits the value in the file's text: a patch would replace the whole list of agents and lose the comments in it.
 * @param edit  its path is that below the agent
 * @returns the revision of the file
 */
export async function writeAgentEntry(agent: Named, all: readonly Named[], { path, value }: JsoncEdit): Promise<string> {
  const { text, revision } = await readText();
  const list = valueAt(parseJsonc(text).value, ['agents', 'list']) as readonly { id?: string }[] | undefined;
  const index = list?.findIndex(({ id }) => id === agent.id) ?? -1;
  // Agents that are not in the file are those by default.
  const whole = index < 0 ? [{ path: ['agents', 'list'], value: all.map(({ id, name }) => ({ id, name })) }] : [];
  const at = index < 0 ? all.findIndex(({ id }) => id === agent.id) : index;
  const body = { text: editJsonc(text, [...whole, { path: ['agents', 'list', at, ...path], value }]) };
  const outcome = await call<ConfigTextOutcome>('POST', '/api/config/text', { body, headers: match(revision) });
  if (!outcome.written) throw new Error(reasonText(outcome.problems[0] ?? { message: '' }));
  return outcome.revision;
}
