/** What runs of scheduled jobs do in the rest of the worker: say something to a chat, run an agent's turn. */
import type { Config } from '../../../../shared/config/schema.js';
import { GatewayError } from '../../../../shared/errors.js';
import { newId } from '../../../../shared/ids.js';
import { chooseModels } from '../../turns/model/model-choice.js';
import type { ChannelRegistry } from '../../channels/registry.js';
import type { AgentTurn, Chat, JobActions } from '../run-job.js';
import type { Outbox } from '../../delivery/outbox.js';
import type { ProviderRegistry } from '../../providers/registry.js';
import { storeAcceptance } from '../../store/delivery/accept.js';
import type { CronJobRow } from '../../store/schema.js';
import { findSession, type NewSession, startFreshContext } from '../../store/conversations/sessions.js';
import type { Store } from '../../store/store.js';
import { findAgent } from '../../config/agents.js';
import { sessionOf } from '../../sessions/session-key.js';
import type { TurnHooks } from '../../turns/turn-journal.js';
import type { TurnRunner } from '../../turns/turn-runner.js';

export interface CronActionsOptions {
  readonly store: Store;
  readonly channels: ChannelRegistry;
  readonly outbox: Pick<Outbox, 'compose' | 'enqueue' | 'wake'>;
  readonly turns: Pick<TurnRunner, 'start'>;
  config(): Config;
  registry(): ProviderRegistry;
}

/** An isolated session of before is begun anew. */
async function forget(store: Store, session: NewSession): Promise<void> {
  const before = await store.read((tx) => findSession(tx, session.key));
  if (before !== undefined) await store.write((tx) => startFreshContext(tx, before.id));
}

export function createCronActions(options: CronActionsOptions): JobActions {
  const { store, channels, outbox, turns } = options;

  function findChat(job: CronJobRow): Chat | undefined {
    if (job.channel === null || job.chat_id === null) return undefined;
    const { channel, accountId } = channels.getAccount(job.channel, job.account_id ?? undefined);
    const chatId = job.chat_id;
    const { peerKind, agentId, peerId = chatId } = channel.describeChat(accountId, chatId);
    const agent = findAgent(options.config(), agentId);
    const session = sessionOf({ agentId: agent.id, channel: channel.name, accountId, peerKind, peerId });
    return { session, lane: { channel: channel.name, accountId, chatId } };
  }

  return {
    findChat,

    async say(tx, { lane, session }, content) {
      const message = outbox.compose({ ...lane, id: newId('msg'), content });
      await storeAcceptance(tx, { message, session });
      return message.id;
    },

    async send(tx, { lane }, message) {
      await outbox.enqueue(tx, { ...lane, ...message });
    },
    wake: (lane) => outbox.wake(lane),

    async prepareTurn(job, runId) {
      const chat = findChat(job);
      const agent = findAgent(options.config(), job.agent_id ?? chat?.session.agentId);
      const isOwn = job.session === 'isolated' || chat === undefined;
      const session = sessionOf(isOwn ? { agentId: agent.id, channel: 'cron', peerId: job.id } : { ...chat.session, agentId: agent.id });
      const candidates = await chooseModels({ requested: job.model ?? undefined, agent, config: options.config() }, options.registry());
      return {
        sessionKey: session.key,
        async run(ended, signal) {
          if (isOwn) await forget(store, session);
          const origin = { jobId: job.id, runId };
          const request = {
            agent,
            session,
            mustExist: false,
            text: job.message,
            candidates,
            runsCommands: false,
            hooks: hooksOf(ended),
            origin,
          };
          for await (const event of turns.start(request, signal))
            if (event.type === 'error') throw new GatewayError(event.code, { message: event.message });
        },
      };
    },
  };
}

function hooksOf(ended: Parameters<AgentTurn['run']>[0]): TurnHooks {
  return {
    async ended(tx, { state, reply, replyId, model, usage }) {
      if (state !== 'done') return true;
      const { inputTokens = null, outputTokens = null, costUsd = null } = usage ?? {};
      return ended(tx, { reply, replyId, model, inputTokens, outputTokens, costUsd });
    },
  };
}
