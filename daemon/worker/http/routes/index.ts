/** Lists every route. */
import type { HealthDocument } from '../../../../shared/api/gateway/health.js';
import type { Metrics } from '../observe/metrics.js';
import type { BuiltPage } from '../../../../shared/node/build/built-page.js';
import type { Route } from '../route.js';
import type { RouteDeps } from '../services.js';
import { agentRoutes } from './agent.js';
import { approvalRoutes } from './approvals.js';
import { attachmentRoutes } from './sessions/attachments.js';
import { channelRoutes } from './channels.js';
import { fileRoutes } from './sessions/files.js';
import { cronRoutes } from './cron.js';
import { configRoutes } from './gateway/config.js';
import { eventRoutes } from './gateway/events.js';
import { healthRoutes } from './gateway/health.js';
import { logRoutes } from './gateway/logs.js';
import { type McpModule, mcpRoutes } from '../mcp/mcp-routes.js';
import { messageRoutes } from './messages.js';
import { reportRoutes } from './gateway/reports.js';
import { modelRoutes } from './models.js';
import { anthropicRoutes } from '../anthropic/anthropic-routes.js';
import { openAiRoutes } from '../openai/openai-routes.js';
import { tokenRoutes } from './gateway/tokens.js';
import { toolServerRoutes } from './tool-servers.js';
import { outgoingRoutes } from './outgoing.js';
import { type PageSessionDeps, pageSessionRoutes } from '../page/page-session-routes.js';
import { pageRoutes } from '../page/page-routes.js';
import { conversationRoutes } from '../responses/conversation-routes.js';
import { responseRoutes } from '../responses/response-routes.js';
import { sessionArchiveRoutes } from './sessions/session-archive.js';
import { sessionRoutes } from './sessions/sessions.js';
import { socketRoute } from './socket.js';
import { webhookRoutes } from './webhooks.js';

export interface ApiDeps extends RouteDeps {
  readonly document: () => HealthDocument;
  readonly isDraining: () => boolean;
  readonly pageSession: PageSessionDeps;
  readonly metrics: Metrics;
  readonly page: BuiltPage | undefined;
  /** Loads the Model Context Protocol bundle. */
  readonly loadMcp: () => McpModule;
}

export function apiRoutes(deps: ApiDeps): Route[] {
  const { services, connections, clock, logger, document, isDraining } = deps;
  return [
    ...messageRoutes(deps),
    ...outgoingRoutes(deps),
    ...webhookRoutes(deps),
    ...channelRoutes(deps),
    ...fileRoutes(deps),
    ...agentRoutes(deps),
    ...approvalRoutes(deps),
    ...openAiRoutes(deps),
    ...responseRoutes(deps),
    ...anthropicRoutes(deps),
    ...mcpRoutes({ services, connections, clock, logger, version: document().version, load: deps.loadMcp }),
    ...conversationRoutes(deps),
    ...sessionRoutes(deps),
    ...attachmentRoutes(deps),
    ...sessionArchiveRoutes(deps),
    ...modelRoutes(deps),
    ...cronRoutes(deps),
    ...toolServerRoutes(deps),
    ...reportRoutes(deps),
    ...eventRoutes(deps),
    ...configRoutes(deps),
    ...tokenRoutes(deps),
    ...logRoutes(deps),
    ...pageSessionRoutes(deps.pageSession),
    socketRoute,
    ...healthRoutes(document, { isDraining, isStoreAvailable: services.isStoreAvailable }),
    ...pageRoutes(deps.page),
  ];
}
