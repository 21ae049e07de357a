/** Composes what the worker does: store, providers, delivery, schedules, turns, the services over them, and their lifecycle. */
import type { ChannelStatus, StatusWarning } from '../../shared/api/gateway/status.js';
import type { Conversation, ConversationDeps, ConversationLife, ConversationServices } from './conversation.js';
import { Attachments } from './files/attachments.js';
import { createAgentService } from './turns/agent.js';
import { Completions } from './models/completions.js';
import { AccessTokens } from './access/access-tokens.js';
import { storedPageSecrets } from './access/stored-secrets.js';
import { AttachedFiles } from './turns/attached-files.js';
import { createApprovalCommands } from './turns/commands/approval-commands.js';
import { createCommands } from './turns/commands/built-in-commands.js';
import { createChannelService } from './delivery/accounts/channel-accounts.js';
import { Chat } from './chat/chat.js';
import { readGauges } from './observe/counters.js';
import { createCron } from './cron/create-cron.js';
import { IntegrityCheck } from './upkeep/integrity-check.js';
import { KeyedTurns } from './turns/keyed-turns.js';
import { ChatTurns } from './chat/chat-turns.js';
import { Summaries, type SummariesOptions } from './chat/summaries/summaries.js';
import { Titles } from './chat/titles.js';
import { createAcceptMessage, createMessageService, createSendPort } from './chat/messages.js';
import { modelWarnings } from './models/model-warnings.js';
import { createModelService } from './models/models.js';
import { tracedCompletions } from './models/traced-completions.js';
import { BackgroundResponses } from './responses/background-responses.js';
import { Conversations } from './responses/conversations.js';
import { Responses } from './responses/responses.js';
import { Issues } from './observe/issues.js';
import { createOverviewService } from './observe/overview.js';
import { nodeWarnings } from './observe/node-warnings.js';
import { createUsageService } from './observe/usage.js';
import { createOutgoingService } from './delivery/outgoing.js';
import { createSessionArchive } from './sessions/session-archive.js';
import { createSessionService } from './sessions/sessions.js';
import { LiveText } from './turns/live-text.js';
import { createRemindCommand, createTaskScheduler } from './cron/task-scheduler.js';
import { Spending } from './spending/spending.js';
import { TurnJournal } from './turns/turn-journal.js';
import { TurnRunner } from './turns/turn-runner.js';
import { createTurnStops } from './turns/turn-stops.js';
import { Transcriber } from './turns/model/transcriber.js';
import { VoiceNotes } from './turns/voice/voice-notes.js';
import { ToolBox } from './turns/turn-tools.js';
import { Upkeep } from './upkeep/upkeep.js';
import { createWebhookService } from './delivery/webhooks.js';
import { type Base, createBase, createChats } from './create-base.js';

/** The services that answer programs. */
interface AnswerParts {
  readonly turns: TurnRunner;
  readonly keyed: KeyedTurns;
  readonly attachments: Attachments;
  readonly tools: ToolBox;
  readonly spending: Spending;
}

function createAnswers({ common }: Base, parts: AnswerParts) {
  const agent = createAgentService({ ...common, ...parts });
  const completions = new Completions({ ...common, ...parts, agent });
  return {
    agent,
    completions,
    background: new BackgroundResponses({ ...common, completions: tracedCompletions(completions, common.tracing) }),
  };
}

/** The services that call models after a turn has ended, and the journal of turns, whose changes start them. */
function createAfterTurns({ common }: Base, parts: Pick<SummariesOptions, 'spending' | 'commands' | 'attachments'>) {
  const summaries = new Summaries({ ...common, ...parts });
  const journal = new TurnJournal({ ...common, publish: summaries.following(common.publish) });
  return { summaries, noteFill: summaries.noteFill, journal, titles: new Titles({ ...common, ...parts }) };
}

/** Everything that a worker does with messages, in dependency order. */
function createParts(deps: ConversationDeps) {
  const base = createBase(deps, () => channels.servable());
  const { common, logFor } = base;
  const { store, clock, logger, config, registry } = common;

  const { delivery, approvals, waiting } = createChats(deps, base);
  const { channels, outbox } = delivery;
  const accept = createAcceptMessage({ ...common, channels, outbox });
  const cron = createCron({ ...common, logger: logFor('cron'), channels, outbox, loadCronWords: deps.loadLate });

  const warnings = (): StatusWarning[] => [
    ...store.warnings(),
    ...base.movedWarnings(),
    ...nodeWarnings(base.nodes().nodes ?? []),
    ...modelWarnings(config(), registry()),
    ...delivery.warnings(),
  ];
  const remind = createRemindCommand({ jobs: cron.service, clock });
  const commands = createCommands({ store, registry, warnings, remind, approvals: createApprovalCommands(approvals.service) });
  const send = createSendPort(channels, accept);
  const { gate } = approvals;
  const tools = new ToolBox({ ...common, gate, others: base.mcp, send, scheduler: createTaskScheduler(cron.service) });
  const attachments = new Attachments({ store, clock });
  const files = new AttachedFiles({ channels, logger });
  const liveText = new LiveText({ store, clock });
  const accessTokens = new AccessTokens({ ...common, logger: logFor('http') });
  const spending = new Spending({ ...common, tokens: accessTokens });
  const after = createAfterTurns(base, { spending, commands, attachments });
  const turns = new TurnRunner({ ...common, ...after, spending, commands, tools, files, attachments, liveText, waiting });
  const stops = createTurnStops({ ...common, turns });
  const keyed = new KeyedTurns({ ...common, turns });
  const voice = new VoiceNotes({ ...common, channels, attachments, transcriber: new Transcriber({ ...common, spending }) });
  const handler = new ChatTurns({ ...common, channels, outbox, turns, commands, voice, ...after });
  return {
    ...base,
    delivery,
    approvals,
    waiting,
    accept,
    cron,
    warnings,
    commands,
    tools,
    attachments,
    turns,
    stops,
    keyed,
    ...after,
    handler,
    ...createAnswers(base, { turns, keyed, attachments, tools, spending }),
    upkeep: new Upkeep({ ...common, ...after, waiting, purgeJobs: cron.purge, logger: logFor('store') }),
    accessTokens,
    spending,
  };
}

type Parts = ReturnType<typeof createParts>;

/** The services that the routes and the socket call. */
function createServices(parts: Parts, { paths: { databasePath }, channelTimes: times, loadLate }: ConversationDeps): ConversationServices {
  const { common, delivery, accept, cron, attachments, turns, keyed } = parts;
  const { store, clock, config, registry } = common;
  const { channels, outbox, inbox } = delivery;
  const { agent, completions, background } = parts;
  const commands = parts.commands.list();
  return {
    sessions: createSessionService({ ...common, stopTurns: (key) => turns.stopSession(key) }),
    archive: createSessionArchive({ ...common, attachments, checkModel: (ref) => void registry().resolve(ref) }),
    attachments,
    chat: new Chat({ ...common, attachments, inbox, stopTurns: (key) => turns.stopEverywhere(key) }),
    messages: createMessageService({ ...common, channels, outbox, accept, turns, keyed }),
    outgoing: createOutgoingService({ store, clock, outbox }),
    webhooks: createWebhookService({ inbox, config, clock, channels, loadInbound: () => loadLate().inbound }),
    channelAccounts: createChannelService({ ...common, channels, outbox, times }),
    agent,
    approvals: parts.approvals.service,
    commands: () => commands,
    completions,
    conversations: new Conversations({ store, clock }),
    responses: new Responses({ ...common, completions, background }),
    models: createModelService({ registry, calls: parts.modelCalls, config }),
    cron: cron.service,
    mcp: parts.mcp,
    overview: createOverviewService({ store, clock, databasePath }),
    usage: createUsageService({ store, clock, calls: parts.spending }),
    isStoreAvailable: () => store.isAvailable,
    accessTokens: parts.accessTokens,
    pageSecrets: storedPageSecrets(store),
  };
}

/** Parts are started in order and stopped in reverse. */
function createLife(parts: Parts, { paths, checkDatabase: check }: ConversationDeps): ConversationLife {
  const { common, ai, discovery, samples, modelCalls, delivery, cron, turns, stops, upkeep, handler, titles, isSoleWorker, isFile } = parts;
  const { store, clock, registry } = common;
  const checked = { store, path: paths.databasePath, clock, logger: parts.logFor('store'), isSoleWorker };
  // A database server checks its own data.
  const integrity = check !== undefined && isFile ? new IntegrityCheck({ ...checked, check }) : undefined;
  async function quiesce(timeoutMs = Infinity): Promise<void> {
    void store.watch();
    void parts.accessTokens.look();
    // The next worker runs by now: it may be asked to stop the turns that this one still runs, and a lone worker does not poll for that.
    void stops.wake();
    ai.cancel();
    discovery.stop();
    await cron.quiesce();
    await Promise.all([parts.approvals.expiry.stop(), parts.waiting.stop()]);
    await parts.background.stop();
    await delivery.quiesce(timeoutMs);
    await upkeep.stop();
    await integrity?.stop();
  }
  return {
    async start() {
      await store.open();
      await Promise.all([stops.start(), parts.accessTokens.start()]);
    },
    async activate() {
      ai.loadWhenIdle(() => registry().hasProvider);
      await upkeep.start();
      await delivery.start({ handler, onMessageEnd: cron.onMessageEnd, commands: parts.commands.list() });
      await cron.start(turns);
      await parts.waiting.start({ turns, wakeJobs: () => cron.reconfigure() });
      await Promise.all([parts.approvals.expiry.start(), parts.background.start()]);
      discovery.start();
      integrity?.start();
      samples.start();
    },
    async reconfigure() {
      await delivery.reconfigure();
      cron.reconfigure();
      parts.mcp.reconfigure();
    },
    quiesce,
    async drain(timeoutMs) {
      const [stopped, released] = await Promise.all([turns.drain(timeoutMs), parts.background.drain(timeoutMs)]);
      return stopped + released;
    },
    async close() {
      await quiesce();
      await Promise.all([turns.drain(0), parts.background.drain(0)]);
      await Promise.all([parts.mcp.stop(), stops.stop()]);
      await parts.accessTokens.stop();
      await Promise.all([titles.stop(), parts.summaries.stop()]);
      await cron.close();
      await delivery.close();
      await samples.stop();
      await modelCalls.close();
      await parts.spending.close();
      await store.close();
    },
  };
}

/** Creates everything; nothing runs and no file is touched before {@link ConversationLife.start}. */
export function createConversation(deps: ConversationDeps): Conversation {
  const parts = createParts(deps);
  const { common, delivery, samples, warnings } = parts;
  const channels = (): Record<string, ChannelStatus> => delivery.channels.health();
  const services = createServices(parts, deps);
  const issues = new Issues({
    ...common,
    listAccounts: () => services.channelAccounts.listAccounts(),
    listProviders: () => services.models.providers(),
  });
  return {
    ...services,
    ...createLife(parts, deps),
    issues,
    channels,
    warnings,
    nodes: parts.nodes,
    gauges: () => readGauges({ store: common.store, logger: common.logger, channels }),
    beat(lateMs) {
      samples.noteLate(lateMs);
      void common.store.watch();
      void issues.refreshIfOld();
    },
  };
}
