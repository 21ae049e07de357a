/** What runs of scheduled jobs do in the rest of the worker: say something to a chat, run an agent's turn. */
import type { Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { chooseModels } from '../agent/model-choice.js';
import type { ChannelRegistry } from '../channels/registry.js';
import type { JobActions } from '../cron/run-job.js';
import type { Outbox } from '../outbox/outbox.js';
import type { ProviderRegistry } from '../providers/registry.js';
import type { Lane } from '../store/outbox.js';
import type { CronJobRow } from '../store/schema.js';
import { findSession, type NewSession, startFreshContext } from '../store/sessions.js';
import type { Store } from '../store/store.js';
import { findAgent } from './agents.js';
import type { MessageService } from './contracts.js';
import { sessionOf } from './session-key.js';
import type { TurnHooks } from './turn-journal.js';
import type { TurnRunner } from './turn-runner.js';

export interface CronActionsOptions {
  readonly store: Store;
  readonly channels: ChannelRegistry;
  readonly outbox: Pick<Outbox, 'enqueue' | 'wake'>;
  readonly turns: Pick<TurnRunner, 'start'>;
  readonly messages: Pick<MessageService, 'accept'>;
  config(): Config;
  registry(): ProviderRegistry;
}

/** The chat's own session, or one of the job's. */
function sessionFor(
  job: CronJobRow,
  { channels, config, lane: chatLane }: { channels: ChannelRegistry; config: Config; lane: Lane | undefined },
): { agent: ReturnType<typeof findAgent>; session: NewSession } {
  const lane = job.session === 'main' ? chatLane : undefined;
  const chat = lane === undefined ? undefined : channels.get(lane.channel).describeChat(lane.accountId, lane.chatId);
  const agent = findAgent(config, job.agent_id ?? chat?.agentId);
  if (lane === undefined || chat === undefined)
    return { agent, session: sessionOf({ agentId: agent.id, channel: 'cron', peerId: job.id }) };
  return {
    agent,
    session: sessionOf({
      agentId: agent.id,
      channel: lane.channel,
      accountId: lane.accountId,
      peerKind: chat.peerKind,
      peerId: lane.chatId,
    }),
  };
}

export function createCronActions(options: CronActionsOptions): JobActions {
  const { store, channels, outbox, turns, messages } = options;
  function findLane(job: CronJobRow): Lane | undefined {
    if (job.channel === null || job.chat_id === null) return undefined;
    const { channel, accountId } = channels.getAccount(job.channel, job.account_id ?? undefined);
    return { channel: channel.name, accountId, chatId: job.chat_id };
  }

  return {
    findLane,
    say: async (lane, content, key) => (await messages.accept({ ...lane, content }, { idempotencyKey: key })).messageId,
    async enqueue(db, lane, message) {
      await outbox.enqueue(db, { ...lane, ...message });
    },
    wake: (lane) => outbox.wake(lane),

    async ask(job, ended, signal) {
      const { agent, session } = sessionFor(job, { channels, config: options.config(), lane: findLane(job) });
      const candidates = await chooseModels({ requested: job.model ?? undefined, agent, config: options.config() }, options.registry());
      if (session.channel === 'cron') {
        const before = await store.read((db) => findSession(db, session.key));
        if (before !== undefined) await store.write((db) => startFreshContext(db, before.id));
      }
      const hooks: TurnHooks = {
        async ended(db, { state, reply, replyId, model, usage }) {
          if (state !== 'done') return true;
          return ended(db, {
            reply,
            replyId,
            model,
            inputTokens: usage?.inputTokens ?? null,
            outputTokens: usage?.outputTokens ?? null,
            costUsd: usage?.costUsd ?? null,
          });
        },
      };
      for await (const event of turns.start(
        { agent, session, mustExist: false, text: job.message, candidates, runsCommands: false, hooks },
        signal,
      )) {
        if (event.type === 'error') throw new GatewayError(event.code, { message: event.message });
      }
    },
  };
}
