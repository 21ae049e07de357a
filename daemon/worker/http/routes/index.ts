/** Lists every route. */
import type { HealthDocument } from '../../../../shared/api/gateway/health.js';
import type { Clock } from '../../../../shared/clock.js';
import type { Services } from '../services.js';
import type { Connections } from '../connection/connections.js';
import type { HttpLogger } from '../context.js';
import type { Metrics } from '../observe/metrics.js';
import type { BuiltPage } from '../../../../shared/node/build/built-page.js';
import type { Route } from '../route.js';
import { agentRoutes } from './agent.js';
import { approvalRoutes } from './approvals.js';
import { attachmentRoutes } from './sessions/attachments.js';
import { chatRoutes } from './sessions/chat.js';
import { summaryRoutes } from './sessions/summaries.js';
import { channelRoutes } from './channels.js';
import { fileRoutes } from './sessions/files.js';
import { cronRoutes } from './cron.js';
import { configRoutes } from './gateway/config.js';
import { eventRoutes } from './gateway/events.js';
import { healthRoutes } from './gateway/health.js';
import { logRoutes } from './gateway/logs.js';
import { type McpModule, mcpRoutes } from '../mcp/mcp-routes.js';
import { messageRoutes } from './messages.js';
import { metricRoutes } from './gateway/metrics.js';
import { modelRoutes } from './models.js';
import { anthropicRoutes } from '../anthropic/anthropic-routes.js';
import { openAiRoutes } from '../openai/openai-routes.js';
import { overviewRoutes } from './gateway/overview.js';
import { tokenRoutes } from './gateway/tokens.js';
import { toolServerRoutes } from './tool-servers.js';
import { usageRoutes } from './gateway/usage.js';
import { outgoingRoutes } from './outgoing.js';
import { type PageSessionDeps, pageSessionRoutes } from '../page/page-session-routes.js';
import { pageRoutes } from '../page/page-routes.js';
import { conversationRoutes } from '../responses/conversation-routes.js';
import { responseRoutes } from '../responses/response-routes.js';
import { sessionArchiveRoutes } from './sessions/session-archive.js';
import { sessionKeyReader } from './sessions/session-key.js';
import { sessionRoutes } from './sessions/sessions.js';
import { socketRoute } from './socket.js';
import { statusRoutes } from './gateway/status.js';
import { webhookRoutes } from './webhooks.js';

export interface RouteDeps {
  readonly services: Services;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: HttpLogger;
  readonly document: () => HealthDocument;
  readonly isDraining: () => boolean;
  readonly pageSession: PageSessionDeps;
  readonly metrics: Metrics;
  readonly page: BuiltPage | undefined;
  /** Loads the Model Context Protocol bundle. */
  readonly loadMcp: () => McpModule;
}

export function apiRoutes(deps: RouteDeps): Route[] {
  const { services, connections, clock, logger, document, isDraining } = deps;
  const keyOf = sessionKeyReader(services.sessions);
  return [
    ...messageRoutes(services.messages, connections),
    ...outgoingRoutes(services.outgoing),
    ...webhookRoutes(services.webhooks),
    ...channelRoutes(services.channelAccounts),
    ...fileRoutes(services.channelAccounts, connections),
    ...agentRoutes({ agent: services.agent, connections, clock, logger }),
    ...approvalRoutes(services.approvals),
    ...openAiRoutes({ completions: services.completions, connections, clock, logger }),
    ...responseRoutes({ responses: services.responses, completions: services.completions, connections, clock, logger }),
    ...anthropicRoutes({ completions: services.completions, connections, clock, logger }),
    ...mcpRoutes({ services, connections, clock, logger, version: document().version, load: deps.loadMcp }),
    ...conversationRoutes(services.conversations),
    ...sessionRoutes(services.sessions, keyOf),
    ...attachmentRoutes(services.attachments, keyOf),
    ...chatRoutes(services.chat, keyOf),
    ...summaryRoutes(services.sessions, keyOf),
    ...sessionArchiveRoutes(services.archive, keyOf, () => services.commands()),
    ...modelRoutes(services.models),
    ...cronRoutes(services.cron),
    ...toolServerRoutes(services.mcp, connections),
    ...statusRoutes(services.status),
    ...overviewRoutes(services.overview),
    ...usageRoutes(services.usage),
    ...eventRoutes(services.events, connections, clock),
    ...configRoutes(services.config),
    ...tokenRoutes(services.accessTokens, connections),
    ...metricRoutes(deps.metrics),
    ...logRoutes({ logs: services.logs, logLevel: services.logLevel, connections, clock }),
    ...pageSessionRoutes(deps.pageSession),
    socketRoute,
    ...healthRoutes(document, { isDraining, isStoreAvailable: services.isStoreAvailable }),
    ...pageRoutes(deps.page),
  ];
}
