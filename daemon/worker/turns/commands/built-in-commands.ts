/** The commands that every gateway has. */
import type { StatusWarning } from '../../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { ProviderRegistry } from '../../providers/registry.js';
import { changeSession, findSession, startFreshContext } from '../../store/conversations/sessions.js';
import type { Store } from '../../store/store.js';
import { GUIDE_REF } from '../../../../shared/config/defaults.js';
import { type CommandContext, CommandRegistry, type SlashCommand } from './commands.js';

export interface CommandSources {
  readonly store: Store;
  readonly registry: () => ProviderRegistry;
  /** Current problems. */
  readonly warnings: () => StatusWarning[];
  readonly remind: SlashCommand;
  readonly approvals: readonly SlashCommand[];
}

const MAX_LISTED_MODELS = 50;

async function status({ agentId, model: current, sessionKey }: CommandContext, { store, warnings }: CommandSources): Promise<string> {
  const session = await store.read((tx) => findSession(tx, sessionKey));
  const lines = [
    `Agent: ${agentId}`,
    `Model: ${current}${current === GUIDE_REF ? ' (no language model; send any message to learn how to add one)' : ''}`,
    `Session: ${sessionKey} (${session?.messageCount ?? 0} messages)`,
    ...warnings().map(({ message }) => `Warning: ${message}`),
  ];
  return lines.join('\n');
}

async function models({ args, model: current }: CommandContext, { registry }: CommandSources): Promise<string> {
  const all = await registry().models();
  const matching = all.map(({ id }) => id).filter((id) => id.toLowerCase().includes(args.toLowerCase()));
  if (matching.length === 0) return `No model matches '${args}'. /models alone lists all ${all.length}.`;
  const shown = matching.slice(0, MAX_LISTED_MODELS).map((id) => (id === current ? `${id} (in use here)` : id));
  const rest = matching.length - shown.length;
  return [...shown, ...(rest > 0 ? [`… and ${rest} more; /models TEXT shows those that contain TEXT.`] : [])].join('\n');
}

async function model({ args, model: current, sessionId }: CommandContext, { store, registry }: CommandSources): Promise<string> {
  const set = (ref: string | null): Promise<void> => store.write((tx) => changeSession(tx, sessionId, { model: ref }));
  if (args === '')
    return `The model here is ${current}. /model PROVIDER/MODEL changes it, /model default resets it; /models lists the models.`;
  if (args === 'default') {
    await set(null);
    return 'This chat now uses the configured model.';
  }
  try {
    registry().resolve(args);
  } catch (error) {
    if (error instanceof GatewayError) return `Failed to change the model: ${error.message}. /models lists the models.`;
    throw error;
  }
  await set(args);
  return `This chat now uses ${args}.`;
}

function sayStopped({ hasStopped, withdrawn = 0 }: Pick<CommandContext, 'hasStopped' | 'withdrawn'>): string {
  if (!hasStopped && withdrawn === 0) return 'No answer is in progress.';
  const kept = hasStopped ? ' What was written so far is kept in the session.' : '';
  const unanswered = withdrawn === 1 ? ' 1 waiting message will not be answered.' : ` ${withdrawn} waiting messages will not be answered.`;
  return `Stopped.${kept}${withdrawn === 0 ? '' : unanswered}`;
}

export function createCommands(sources: CommandSources): CommandRegistry {
  return new CommandRegistry([
    sources.remind,
    ...sources.approvals,
    { name: 'status', summary: 'shows the agent and model of this chat', run: (context) => status(context, sources) },
    { name: 'models', summary: 'lists the models; /models TEXT those that contain TEXT', run: (context) => models(context, sources) },
    {
      name: 'model',
      summary: 'shows the model of this chat; /model PROVIDER/MODEL changes it, /model default resets it',
      isForChats: true,
      run: (context) => model(context, sources),
    },
    {
      name: 'stop',
      summary: 'stops the answer in progress',
      stopsTurns: true,
      run: async (context) => sayStopped(context),
    },
    {
      name: 'new',
      summary: 'starts a new conversation; earlier messages are kept but no longer used',
      async run({ sessionId }) {
        await sources.store.write((tx) => startFreshContext(tx, sessionId));
        return 'New conversation started.';
      },
    },
  ]);
}
