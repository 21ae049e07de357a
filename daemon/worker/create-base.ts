/** Composes the base of a worker: first store and models, then delivery to and from chats. */
import { McpServers } from './tools/mcp/mcp-servers.js';
import type { LogPort } from '../../shared/log/log-port.js';
import { type LogModule, ofModule } from '../../shared/log/modules.js';
import { environmentValue } from '../../shared/node/process/env.js';
import { createGuide } from './turns/model/guide.js';
import { LocalDiscovery } from './providers/discovery/discovery.js';
import { listModels } from './providers/list-models.js';
import { currentRegistry } from './providers/registry.js';
import type { ConversationDeps } from './conversation.js';
import { createStore } from './create-store.js';
import { AiLoader } from './providers/ai-loader.js';
import { createApprovals } from './approvals/create-approvals.js';
import { createFindChat } from './store/approvals/approval-chats.js';
import { createDelivery } from './delivery/create-delivery.js';
import { LiveTurns } from './turns/live-turns.js';
import { WaitingTurns } from './turns/steps/waiting-turns.js';
import { ModelCalls } from './models/model-calls.js';
import { Samples } from './observe/samples.js';

/** The store, the available models and the event publishing, on which everything else builds. */
export function createBase(deps: ConversationDeps, readyAccounts: () => readonly { channel: string; accountId: string }[]) {
  const { paths, instanceId, config, random = Math.random } = deps;
  const logFor = (module: LogModule): LogPort => ofModule(deps.logger, module);
  const { store, liveness, clock, isSoleWorker, nodes, movedWarnings, isFile } = createStore({ ...deps, readyAccounts }, logFor('store'));

  const ai = new AiLoader({ load: deps.loadAi, clock, logger: logFor('providers') });
  const isEnabled = (): boolean => config().agents.defaults.discovery;
  const discovery = new LocalDiscovery({ clock, logger: logFor('providers'), isEnabled, ...deps.discovery });
  const modelCalls = new ModelCalls({ store, clock, logger: logFor('providers') });
  const registry = currentRegistry(deps.models, {
    lookup: deps.environment ?? environmentValue,
    ai: () => ai.get(),
    listModels,
    builtIn: createGuide(paths),
    clock,
    local: discovery,
    noteCall: (call) => {
      modelCalls.note(call);
      deps.noteCall?.(call);
    },
  });

  const samples = new Samples({ store, clock, logger: logFor('store'), requests: deps.requests ?? (() => ({ count: 0, failed: 0 })) });
  const publish = samples.counting(deps.publish ?? (() => undefined));
  const { tracing } = deps;
  const live = new LiveTurns();
  const common = { store, clock, logger: logFor('agent'), instanceId, liveness, live, config, registry, random, publish, tracing };
  const mcp = new McpServers({ ...deps, ...common, logger: logFor('mcp') });
  return { common, mcp, ai, discovery, samples, modelCalls, isSoleWorker, logFor, nodes, movedWarnings, isFile };
}

export type Base = ReturnType<typeof createBase>;

/** Messages to and from chats, and approval questions sent there. */
export function createChats({ logger, loadTelegram }: ConversationDeps, { common }: Base) {
  const delivery = createDelivery({ ...common, logger, loadTelegram, decisions: () => approvals.service });
  const waiting = new WaitingTurns({ ...common, inbox: delivery.inbox, outbox: delivery.outbox });
  const findChat = createFindChat((channel) => delivery.channels.defaultAccount(channel));
  const approvals = createApprovals({ ...common, outbox: delivery.outbox, waiting, findChat });
  common.store.publishTo((event) => {
    common.publish(event);
    if (event.type === 'approval') void approvals.expiry.look();
  });
  return { delivery, waiting, approvals };
}
