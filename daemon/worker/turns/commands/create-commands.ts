/** The commands of chats, over the services that do what they ask. */
import type { StatusWarning } from '../../../../shared/control/messages.js';
import { builtInCommands } from './built-in-commands.js';
import { CommandRegistry, type SlashCommand } from './commands.js';
import type { ProviderRegistry } from '../../providers/registry.js';
import { changeSession, findSession, startFreshContext } from '../../store/conversations/sessions.js';
import type { Store } from '../../store/store.js';

export function createCommands(sources: {
  store: Store;
  registry: () => ProviderRegistry;
  warnings: () => StatusWarning[];
  remind: SlashCommand;
}): CommandRegistry {
  const { store, registry, warnings, remind } = sources;
  return new CommandRegistry([
    remind,
    ...builtInCommands({
      modelIds: async () => (await registry().models()).map(({ id }) => id),
      warnings: () => warnings().map(({ message }) => message),
      countMessages: async (key) => (await store.read((tx) => findSession(tx, key)))?.messageCount ?? 0,
      startFresh: (sessionId) => store.write((tx) => startFreshContext(tx, sessionId)),
      checkModel: (ref) => void registry().resolve(ref),
      setModel: (id, model) => store.write((tx) => changeSession(tx, id, { model })),
    }),
  ]);
}
