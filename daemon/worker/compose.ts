/** Puts the conversations together: store, providers, channels and the services over them, with their one lifecycle. */
import type { Clock } from '../../shared/clock.js';
import type { ModelsDocument } from '../../shared/config/models-schema.js';
import type { Config } from '../../shared/config/schema.js';
import type { ChannelStatus, StatusWarning } from '../../shared/control/messages.js';
import type { LogPort } from '../../shared/log/log-port.js';
import { type LogModule, ofModule } from '../../shared/log/modules.js';
import { environmentValue } from '../../shared/node/process/env.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { createGuide } from './turns/model/guide.js';
import { type DiscoveryOptions, LocalDiscovery } from './providers/discovery/discovery.js';
import { listModels } from './providers/list-models.js';
import type { AiModule } from './providers/provider.js';
import { type LocalModels, ProviderRegistry } from './providers/registry.js';
import { sqliteEngine } from './store/sqlite/engine.js';
import { Store } from './store/store.js';
import { AiLoader } from './providers/ai-loader.js';
import type { TelegramModule } from './channels/telegram/telegram.js';
import { Attachments } from './files/attachments.js';
import { createAgentService } from './turns/agent.js';
import { Completions } from './models/completions.js';
import type { GatewayEvent } from '../../shared/api/gateway/events.js';
import type { Services } from './contracts.js';
import type { SendPort } from './tools/send.js';
import type { ChannelRegistry } from './channels/registry.js';
import { AttachedFiles } from './turns/attached-files.js';
import type { ChannelTimes } from './delivery/channel-times.js';
import { createCommands } from './turns/commands/built-in-commands.js';
import { createChannelService } from './delivery/channel-accounts.js';
import { Chat } from './chat/chat.js';
import { lifecycleOf } from './conversation-life.js';
import { type CounterSample, readGauges } from './observe/counters.js';
import { createCron, type CronParts } from './cron/create-cron.js';
import { createDelivery } from './delivery/create-delivery.js';
import { type CheckDatabase, IntegrityCheck } from './upkeep/integrity-check.js';
import { KeyedTurns } from './turns/keyed-turns.js';
import { LiveTurns } from './turns/live-turns.js';
import { ChatTurns } from './chat/chat-turns.js';
import { createMessageService, type MessageService } from './chat/messages.js';
import { modelWarnings } from './models/model-warnings.js';
import { createModelService } from './models/models.js';
import { createOverviewService } from './observe/overview.js';
import { Samples } from './observe/samples.js';
import { createUsageService } from './observe/usage.js';
import { createOutgoingService } from './delivery/outgoing.js';
import { createSessionArchive } from './sessions/session-archive.js';
import { createSessionService } from './sessions/sessions.js';
import { LiveText } from './turns/live-text.js';
import { type ChatJobs, createRemindCommand, createTaskScheduler } from './cron/task-scheduler.js';
import { TurnJournal } from './turns/turn-journal.js';
import { TurnRunner } from './turns/turn-runner.js';
import { ToolBox } from './turns/turn-tools.js';
import { Upkeep } from './upkeep/upkeep.js';
import type { CronWords } from './cron/preview.js';
import { createWebhookService } from './delivery/webhooks.js';

export type { TelegramModule } from './channels/telegram/telegram.js';
export type { AiModule } from './providers/provider.js';

export interface ConversationDeps {
  readonly paths: GatewayPaths;
  /** The configuration in force. */
  config(): Config;
  /** `models.json` in force; another object when it has changed. */
  models(): ModelsDocument;
  readonly instanceId: string;
  /** The workers that live, as the supervisor last said; this one counts in any case. */
  liveInstanceIds(): readonly string[];
  readonly logger: LogPort;
  readonly clock: Clock;
  /** Loads the bundle that speaks to model vendors; called at most once while it succeeds. */
  loadAi(): AiModule;
  /** Loads the bundle that speaks to Telegram. */
  loadTelegram(): TelegramModule;
  /** Loads the bundle that puts schedules into words. */
  loadCronWords(): CronWords;
  /** Reads a whole database. Default: none is checked. */
  readonly checkDatabase?: CheckDatabase;
  /** Looks up an environment variable. Default: the process's. */
  readonly environment?: (name: string) => string | undefined;
  /** Default: the usual ports of model servers on this machine. */
  readonly discovery?: Pick<DiscoveryOptions, 'ports' | 'probe'>;
  /** 0 ≤ x < 1. Default: Math.random. */
  readonly random?: () => number;
  /** Is told what happens. */
  readonly publish?: (event: GatewayEvent) => void;
  /** Since this worker began. Default: none. */
  readonly requests?: () => { readonly count: number; readonly failed: number };
  /** Since when an account is as it is. Default: nothing is known. */
  readonly channelTimes?: (label: string) => ChannelTimes;
}

export interface Conversation extends Pick<
  Services,
  | 'sessions'
  | 'messages'
  | 'outgoing'
  | 'overview'
  | 'usage'
  | 'webhooks'
  | 'channelAccounts'
  | 'agent'
  | 'chat'
  | 'archive'
  | 'attachments'
  | 'commands'
  | 'models'
  | 'completions'
  | 'cron'
> {
  /** Opens the store. Never rejects: what is wrong with it is in {@link warnings}, and requests are answered UNAVAILABLE until it is right. */
  start(): Promise<void>;
  /** What only the one active worker does: channels, turns of the dead, upkeep. */
  activate(): Promise<void>;
  /** Takes over a changed configuration of the channels. */
  reconfigure(): Promise<void>;
  /** No new background work, within `timeoutMs` (default: as long as it takes); requests go on being answered. */
  quiesce(timeoutMs?: number): Promise<void>;
  /** Lets turns end for `timeoutMs`, then cuts them. @returns how many were cut */
  drain(timeoutMs: number): Promise<number>;
  /** Ends what is left and closes the store. */
  close(): Promise<void>;
  channels(): Record<string, ChannelStatus>;
  /** What is so at this moment, in numbers. */
  gauges(): Promise<CounterSample[]>;
  warnings(): StatusWarning[];
  /** The worker's loop was late by so much. */
  noteLate(lateMs: number): void;
}

/** @returns a function that gives the registry of the document in force */
function registryOf(deps: ConversationDeps, ai: AiLoader, local: LocalModels): () => ProviderRegistry {
  const builtIn = createGuide({ modelsPath: deps.paths.modelsPath, configPath: deps.paths.configPath });
  let current: { document: ModelsDocument; registry: ProviderRegistry } | undefined;
  return () => {
    const document = deps.models();
    if (current?.document !== document) {
      const registry = new ProviderRegistry({
        document,
        lookup: deps.environment ?? environmentValue,
        ai: () => ai.get(),
        listModels,
        builtIn,
        clock: deps.clock,
        local,
      });
      current = { document, registry };
    }
    return current.registry;
  };
}

/** Tools write to chats as programs do. A page that is open anyway is no chat to write to. */
function sendPort(channels: ChannelRegistry, messages: () => MessageService): SendPort {
  return {
    channels: () => [...new Set(channels.accounts().map(({ channel }) => channel))].filter((name) => name !== 'webchat'),
    send: async ({ chatId, ...message }, key) =>
      (await messages().accept({ ...message, chat_id: chatId }, { idempotencyKey: key })).messageId,
  };
}

function discoveryOf(deps: ConversationDeps, logger: LogPort): LocalDiscovery {
  return new LocalDiscovery({ clock: deps.clock, logger, isEnabled: () => deps.config().agents.defaults.discovery, ...deps.discovery });
}

/** Everything that the services stand on. */
function makeParts(deps: ConversationDeps) {
  const { clock, logger, instanceId, checkDatabase: check } = deps;
  const config = (): Config => deps.config();
  const liveInstanceIds = (): readonly string[] => deps.liveInstanceIds();
  const of = (module: LogModule): LogPort => ofModule(logger, module);
  const log = { agent: of('agent'), providers: of('providers'), store: of('store'), cron: of('cron') };
  const ai = new AiLoader({ load: () => deps.loadAi(), clock, logger: log.providers });
  const discovery = discoveryOf(deps, log.providers);
  const registry = registryOf(deps, ai, discovery);
  const isSoleWorker = (): boolean => liveInstanceIds().every((id) => id === instanceId);
  const path = deps.paths.databasePath;
  const store = new Store({ engine: sqliteEngine(path), clock, logger: log.store, isSoleWorker });
  const shared = { store, clock, logger: log.agent, instanceId, liveInstanceIds, config, registry, random: deps.random ?? Math.random };
  const live = new LiveTurns();
  const samples = new Samples({ store, clock, logger: log.store, requests: deps.requests ?? (() => ({ count: 0, failed: 0 })) });
  const publish = samples.counting((event) => deps.publish?.(event));
  const delivery = createDelivery({ ...shared, logger, publish, loadTelegram: () => deps.loadTelegram() });
  const { channels, outbox } = delivery;
  const journal = new TurnJournal({ store, clock, instanceId, liveInstanceIds, publish });
  const warnings = (): StatusWarning[] => [...store.warnings(), ...modelWarnings(config(), registry()), ...delivery.warnings()];
  const jobs: ChatJobs = {
    create: (input, caller) => cron.service.create(input, caller),
    listOfChat: (chat) => cron.service.listOfChat(chat),
    delete: (id) => cron.service.delete(id),
  };
  const commands = createCommands({ store, registry, warnings, remind: createRemindCommand({ jobs, clock }) });
  const send = sendPort(channels, () => messages);
  const tools = new ToolBox({ store, clock, logger: log.agent, config, send, scheduler: createTaskScheduler(jobs) });
  const attachments = new Attachments({ store, clock });
  const liveText = new LiveText({ store, clock });
  const files = new AttachedFiles({ channels, logger: log.agent });
  const turns: TurnRunner = new TurnRunner({ ...shared, journal, commands, tools, files, attachments, live, liveText });
  const keyed = new KeyedTurns({ ...shared, turns, live });
  const messages = createMessageService({ ...shared, channels, outbox, turns, keyed, live, publish });
  const handler = new ChatTurns({ ...shared, channels, outbox, turns });
  const upkeep = new Upkeep({ store, journal, clock, logger: log.store, config });
  const integrity = check && new IntegrityCheck({ store, path, clock, logger: log.store, isSoleWorker, check });
  const loadCronWords = (): CronWords => deps.loadCronWords();
  const cron: CronParts = createCron({ ...shared, logger: log.cron, channels, outbox, publish, loadCronWords });
  return {
    shared,
    publish,
    ai,
    discovery,
    live,
    samples,
    delivery,
    warnings,
    commands: commands.list(),
    handler,
    tools,
    attachments,
    turns,
    keyed,
    messages,
    upkeep,
    integrity,
    cron,
  };
}

/** Makes everything; nothing runs, and no file is touched, before {@link Conversation.start}. */
export function createConversation(deps: ConversationDeps): Conversation {
  const parts = makeParts(deps);
  const { shared, publish, delivery, turns, cron, samples, live, attachments } = parts;
  const { store, clock, config, logger, registry } = shared;
  const { channels, outbox, inbox } = delivery;
  const agent = createAgentService({ store, turns, keyed: parts.keyed, attachments, config, registry });
  const stopSession = (key: string): void => turns.stopSession(key);
  return {
    sessions: createSessionService({ ...shared, channels, publish, stopTurns: stopSession }),
    archive: createSessionArchive({ ...shared, attachments, publish, checkModel: (ref) => void registry().resolve(ref) }),
    messages: parts.messages,
    outgoing: createOutgoingService({ store, clock, outbox }),
    channelAccounts: createChannelService({ store, clock, channels, outbox, times: deps.channelTimes }),
    webhooks: createWebhookService({ inbox, config }),
    agent,
    chat: new Chat({ ...shared, live, attachments, inbox, stopTurns: (key) => turns.stopTurns(key) }),
    attachments,
    commands: () => parts.commands,
    completions: new Completions({ agent, clock, logger, config, registry, tools: parts.tools, publish }),
    models: createModelService(registry),
    overview: createOverviewService({ store, clock, databasePath: deps.paths.databasePath }),
    usage: createUsageService({ store, clock }),
    cron: cron.service,
    ...lifecycleOf({ ...parts, store, registry }),
    noteLate: (lateMs) => samples.noteLate(lateMs),
    channels: () => channels.health(),
    gauges: () => readGauges({ store, logger, channels: () => channels.health() }),
    warnings: parts.warnings,
  };
}
