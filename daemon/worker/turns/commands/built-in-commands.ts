/** The commands that every gateway has beside `/help`. */
import { GatewayError } from '../../../../shared/errors.js';
import type { CommandContext, SlashCommand } from './commands.js';
import { GUIDE_REF } from '../model/guide.js';

/** What the commands need from their surroundings. */
export interface CommandSources {
  modelIds(): Promise<string[]>;
  /** What keeps something from working, one sentence each. */
  warnings(): readonly string[];
  countMessages(sessionKey: string): Promise<number>;
  /** What was said so far is no context any more. */
  startFresh(sessionId: number): Promise<void>;
  /** @throws MODEL_NOT_FOUND for a model that cannot be used */
  checkModel(ref: string): void;
  /** @param model  null: what the configuration says */
  setModel(sessionId: number, model: string | null): Promise<void>;
}

const MAX_LISTED_MODELS = 50;

async function status(context: CommandContext, sources: CommandSources): Promise<string> {
  const lines = [
    `Agent: ${context.agentId}`,
    `Model: ${context.model}${context.model === GUIDE_REF ? ' (no language model; send any message to learn how to add one)' : ''}`,
    `Session: ${context.sessionKey} (${await sources.countMessages(context.sessionKey)} messages)`,
    ...sources.warnings().map((warning) => `Warning: ${warning}`),
  ];
  return lines.join('\n');
}

async function models({ args, model }: CommandContext, sources: CommandSources): Promise<string> {
  const all = await sources.modelIds();
  const matching = all.filter((id) => id.toLowerCase().includes(args.toLowerCase()));
  if (matching.length === 0) return `No model matches '${args}'. /models alone lists all ${all.length}.`;
  const shown = matching.slice(0, MAX_LISTED_MODELS).map((id) => (id === model ? `${id} (in use here)` : id));
  const rest = matching.length - shown.length;
  return [...shown, ...(rest > 0 ? [`… and ${rest} more; /models TEXT shows those that contain TEXT.`] : [])].join('\n');
}

async function model({ args, model: current, sessionId }: CommandContext, sources: CommandSources): Promise<string> {
  if (args === '')
    return `The model here is ${current}. /model PROVIDER/MODEL changes it, /model default takes it back; /models lists them.`;
  if (args === 'default') {
    await sources.setModel(sessionId, null);
    return 'From now on the model of the configuration answers here.';
  }
  try {
    sources.checkModel(args);
  } catch (error) {
    if (error instanceof GatewayError) return `That is not possible: ${error.message}. /models lists the models.`;
    throw error;
  }
  await sources.setModel(sessionId, args);
  return `From now on ${args} answers here.`;
}

export function builtInCommands(sources: CommandSources): SlashCommand[] {
  return [
    { name: 'status', summary: 'says which agent and model answer here', run: (context) => status(context, sources) },
    { name: 'models', summary: 'lists the models; /models TEXT those that contain TEXT', run: (context) => models(context, sources) },
    {
      name: 'model',
      summary: 'says which model answers here; /model PROVIDER/MODEL changes it, /model default takes that back',
      run: (context) => model(context, sources),
    },
    {
      name: 'stop',
      summary: 'stops the answer that is being given',
      stopsTurns: true,
      run: async () => 'Stopped. What had been said is kept.',
    },
    {
      name: 'new',
      summary: 'starts a new conversation; what was said before is forgotten, not deleted',
      async run({ sessionId }) {
        await sources.startFresh(sessionId);
        return 'A new conversation begins here.';
      },
    },
  ];
}
