/** The services that routes and the socket may call. No service knows Koa or SQL; every failure is a `GatewayError`. */
import type { AccessTokens } from '../access/access-tokens.js';
import type { PageSecrets } from '../access/stored-secrets.js';
import type { Approvals } from '../approvals/approvals.js';
import type { ChatService } from '../chat/chat.js';
import type { MessageService } from '../chat/messages.js';
import type { ConfigService, StatusService } from '../config/config-documents.js';
import type { CronService } from '../cron/jobs.js';
import type { ChannelService } from '../delivery/accounts/channel-accounts.js';
import type { OutgoingService } from '../delivery/outgoing.js';
import type { WebhookService } from '../delivery/webhooks.js';
import type { Attachments } from '../files/attachments.js';
import type { CompletionService } from '../models/completions.js';
import type { ModelService } from '../models/models.js';
import type { CounterService } from '../observe/counters.js';
import type { EventService } from '../observe/event-log.js';
import type { LogLevelService } from '../observe/log-level.js';
import type { LogService } from '../../../shared/node/log/log-service.js';
import type { OverviewService } from '../observe/overview.js';
import type { UsageService } from '../observe/usage.js';
import type { ConversationService } from '../responses/conversations.js';
import type { ResponseService } from '../responses/responses.js';
import type { SessionArchive } from '../sessions/session-archive.js';
import type { SessionService } from '../sessions/sessions.js';
import type { McpService } from '../tools/mcp/mcp-servers.js';
import type { AgentService } from '../turns/agent.js';
import type { Clock } from '../../../shared/clock.js';
import type { Connections } from './connection/connections.js';
import type { HttpLogger } from './context.js';

export interface Services {
  readonly sessions: SessionService;
  readonly archive: SessionArchive;
  readonly attachments: Pick<Attachments, 'upload' | 'read' | 'remove'>;
  readonly chat: ChatService;
  readonly messages: MessageService;
  readonly outgoing: OutgoingService;
  readonly webhooks: WebhookService;
  readonly channelAccounts: ChannelService;
  readonly agent: AgentService;
  readonly approvals: Pick<Approvals, 'list' | 'get' | 'decide' | 'grants' | 'removeGrant'>;
  /** The commands that chats accept. */
  readonly commands: () => readonly { readonly name: string; readonly summary: string }[];
  readonly completions: CompletionService;
  readonly responses: ResponseService;
  readonly conversations: ConversationService;
  readonly models: ModelService;
  readonly cron: CronService;
  /** The MCP servers of the configuration. */
  readonly mcp: McpService;
  readonly config: ConfigService;
  readonly status: StatusService;
  readonly overview: OverviewService;
  readonly usage: UsageService;
  readonly events: EventService;
  readonly counters: CounterService;
  readonly logs: LogService;
  readonly logLevel: LogLevelService;
  /** Whether messages can be stored. */
  readonly isStoreAvailable: () => boolean;
  readonly accessTokens: Pick<AccessTokens, 'find' | 'findById' | 'noteUse' | 'onEnd' | 'list' | 'add' | 'revoke'>;
  /** Sessions of the page. */
  readonly pageSecrets: PageSecrets;
}

/** What the routes need. */
export interface RouteDeps {
  readonly services: Services;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: HttpLogger;
}
