/**
 * What the HTTP routes (and later the WebSocket, cron and channels) may ask of the worker. Services know neither Koa
 * nor SQL; routes know only these shapes. Every method that fails throws a `GatewayError`.
 */
import type { AgentService } from './turns/agent.js';
import type { Attachments } from './files/attachments.js';
import type { ChatService } from './chat/chat.js';
import type { ModelService } from './models/models.js';
import type { CompletionService } from './models/completions.js';
import type { ConfigService, StatusService } from './config/config-documents.js';
import type { CronService } from './cron/jobs.js';
import type { LogLevelService } from './observe/log-level.js';
import type { LogService } from './observe/logs.js';
import type { MessageService } from './chat/messages.js';
import type { ChannelService } from './delivery/channel-accounts.js';
import type { OutgoingService } from './delivery/outgoing.js';
import type { WebhookService } from './delivery/webhooks.js';
import type { OverviewService } from './observe/overview.js';
import type { UsageService } from './observe/usage.js';
import type { SessionArchive } from './sessions/session-archive.js';
import type { SessionService } from './sessions/sessions.js';
import type { CounterService } from './observe/counters.js';
import type { EventService } from './observe/event-log.js';

export type { CallerKey } from './store/idempotency.js';

/** Everything the routes can call. */
export interface Services {
  readonly sessions: SessionService;
  readonly messages: MessageService;
  readonly outgoing: OutgoingService;
  readonly webhooks: WebhookService;
  readonly channelAccounts: ChannelService;
  readonly agent: AgentService;
  readonly models: ModelService;
  readonly cron: CronService;
  readonly completions: CompletionService;
  readonly status: StatusService;
  readonly overview: OverviewService;
  readonly usage: UsageService;
  readonly logs: LogService;
  readonly logLevel: LogLevelService;
  readonly config: ConfigService;
  readonly events: EventService;
  readonly chat: ChatService;
  readonly archive: SessionArchive;
  readonly attachments: Pick<Attachments, 'upload' | 'read' | 'remove'>;
  /** What chats take as commands. */
  commands(): readonly { readonly name: string; readonly summary: string }[];
  readonly counters: CounterService;
}
