/** The worker's services in memory, for tests of what lies above them. Every call is written down. */
import { fakeAccessTokens, type FakeAccessTokens } from './fake-access-tokens.js';
import { fakeStatus } from './fake-status.js';
import { fakeMcpService } from './fake-mcp.js';
import { fakeModelService } from './fake-models.js';
import { fakeLogService } from './fake-logs.js';
import { fakePageSecrets } from './fake-page-secrets.js';
import { fakeUsage } from './fake-usage.js';
import { fakeApprovals } from './fake-approvals.js';
import { fakeArchive, fakeAttachments, fakeChatService } from './fake-chat.js';
import { fakeCompletionService } from './fake-completions.js';
import { fakeConfigService } from './fake-config.js';
import { EventLog } from '../../daemon/worker/observe/event-log.js';
import { logMemory } from './log-memory.js';
import { LogLevelOverride, LogLevels } from '../../daemon/worker/observe/log-level.js';
import { systemClock } from '../../shared/clock.js';
import { GatewayError } from '../../shared/errors.js';
import { fakeSessionService } from './fake-sessions.js';
import { fakeCronService } from './fake-cron.js';
import { fakeChannelService, fakeOutgoingService, fakeWebhookService } from './fake-outgoing.js';
import { fakeConversationService, fakeResponseService } from './fake-responses.js';
import type { Services } from '../../daemon/worker/http/services.js';
import type { TurnEvent } from '../../daemon/worker/turns/turn-event.js';

export interface FakeServices extends Services {
  /** `service.method` in the order of the calls, with what was given. */
  readonly calls: { readonly name: string; readonly input: unknown }[];
  /** Adds an access token. @returns its secret */
  readonly grant: FakeAccessTokens['grant'];
  /** Replaces what the agent says. */
  script: (message: string, signal: AbortSignal) => AsyncIterable<TurnEvent>;
  /** Replaces how a sync message is handled. */
  reply: (content: string, signal: AbortSignal) => Promise<string>;
}

export async function* echoScript(message: string): AsyncGenerator<TurnEvent> {
  await Promise.resolve();
  yield { type: 'delta', text: 'You said: ' };
  yield { type: 'tool', name: 'time', state: 'call', detail: '{}' };
  yield { type: 'delta', text: message };
  yield {
    type: 'done',
    reply: `You said: ${message}`,
    session: 's',
    sessionKey: 's',
    model: 'fake/echo',
    usage: { inputTokens: 3, outputTokens: null, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: null },
  };
}

/** A turn that says `first` and then nothing more until its signal aborts. */
export async function* hangingScript(first: string, signal: AbortSignal): AsyncGenerator<TurnEvent> {
  yield { type: 'delta', text: first };
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function messageService(fake: FakeServices): Services['messages'] {
  const accepted = new Map<string, { body: string; messageId: string }>();
  return {
    accept(message, caller) {
      const idempotencyKey = caller?.key;
      fake.calls.push({ name: 'messages.accept', input: { message, idempotencyKey } });
      if (message.channel === 'nowhere') throw new GatewayError('CHANNEL_NOT_FOUND', { message: "no channel 'nowhere'" });
      const body = JSON.stringify(message);
      const before = idempotencyKey === undefined ? undefined : accepted.get(idempotencyKey);
      if (before !== undefined && before.body !== body) throw new GatewayError('CONFLICT', { message: 'another body' });
      const messageId = before?.messageId ?? `msg_${fake.calls.length}`;
      if (idempotencyKey !== undefined) accepted.set(idempotencyKey, { body, messageId });
      return Promise.resolve({ messageId, replayed: before !== undefined });
    },
    async sync(message, { deliver, signal, decider }) {
      fake.calls.push({ name: 'messages.sync', input: { message, deliver, decider } });
      return { reply: await fake.reply(message.content, signal) };
    },
  };
}

export function createFakeServices(): FakeServices {
  const calls: FakeServices['calls'] = [];
  const note = <Result>(name: string, input: unknown, result: Result): Promise<Result> => {
    calls.push({ name, input });
    return Promise.resolve(result);
  };
  const tokens = fakeAccessTokens();
  const completions = fakeCompletionService(calls, (text, signal) => fake.script(text, signal));
  const fake: FakeServices = {
    calls,
    accessTokens: tokens.service,
    grant: tokens.grant,
    script: echoScript,
    reply: (content) => Promise.resolve(`You said: ${content}`),
    messages: undefined as never,
    sessions: undefined as never,
    outgoing: fakeOutgoingService(calls),
    webhooks: fakeWebhookService(calls),
    channelAccounts: fakeChannelService(calls),
    cron: fakeCronService(calls),
    mcp: fakeMcpService(calls),
    agent: {
      agentOf: ({ agentId = 'main' }) => agentId,
      run(request, signal) {
        calls.push({ name: 'agent.run', input: request });
        return fake.script(request.message, signal);
      },
    },
    approvals: fakeApprovals(calls),
    chat: fakeChatService(calls),
    archive: fakeArchive(calls),
    attachments: fakeAttachments(calls),
    commands: () => [{ name: 'help', summary: 'lists the commands' }],
    completions,
    responses: fakeResponseService(completions),
    conversations: fakeConversationService(),
    models: fakeModelService(calls),
    status: { read: () => note('status.read', undefined, fakeStatus) },
    overview: {
      history: (query) => note('overview.history', query, { stepMinutes: 15, knownSince: null, buckets: [], failures: [] }),
      read: () =>
        note('overview.read', undefined, {
          outbox: { dead: 2 },
          eventLoopDelayMs: { p50: 0, p99: 1.5, max: 3 },
          memoryBytes: { rss: 1, heapUsed: 1 },
          disk: null,
          databaseBytes: null,
        }),
    },
    usage: { read: (input) => note('usage.read', input, fakeUsage) },
    isStoreAvailable: () => true,
    pageSecrets: fakePageSecrets(),
    config: fakeConfigService(calls),
    events: new EventLog({ instanceId: 'wk_test', version: '1.2.3', buildId: 'b1', clock: systemClock }),
    counters: {
      read: () =>
        Promise.resolve([{ name: 'xopc_fake_total', help: 'Fake.', type: 'counter', values: [{ labels: { a: 'b' }, value: 3 }] }]),
    },
    logs: fakeLogService(calls),
    logLevel: new LogLevelOverride({ clock: systemClock, levels: new LogLevels(() => 'info'), logger: logMemory() }),
  };
  return Object.assign(fake, { messages: messageService(fake), sessions: fakeSessionService(fake.calls) });
}
