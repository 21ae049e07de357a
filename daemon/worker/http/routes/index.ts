/** Every route, from what it needs to what it answers. */
import type { HealthDocument } from '../../../../shared/api/health.js';
import type { Clock } from '../../../../shared/clock.js';
import type { Services } from '../../services/contracts.js';
import type { Connections } from '../connections.js';
import type { HttpLogger } from '../context.js';
import type { Metrics } from '../metrics.js';
import type { BuiltPage } from '../page/built-page.js';
import type { PageTickets } from '../page-tickets.js';
import type { Route } from '../route.js';
import { agentRoutes } from './agent.js';
import { attachmentRoutes } from './attachments.js';
import { chatRoutes } from './chat.js';
import { channelRoutes } from './channels.js';
import { fileRoutes } from './files.js';
import { cronRoutes } from './cron.js';
import { configRoutes } from './config.js';
import { eventRoutes } from './events.js';
import { healthRoutes } from './health.js';
import { logRoutes } from './logs.js';
import { messageRoutes } from './messages.js';
import { metricRoutes } from './metrics.js';
import { modelRoutes } from './models.js';
import { openApiRoutes } from './openapi.js';
import { openAiRoutes } from './openai.js';
import { overviewRoutes } from './overview.js';
import { usageRoutes } from './usage.js';
import { outgoingRoutes } from './outgoing.js';
import { pageLinkRoutes } from './page-links.js';
import { pageRoutes } from './page.js';
import { sessionArchiveRoutes } from './session-archive.js';
import { sessionRoutes } from './sessions.js';
import { statusRoutes } from './status.js';
import { webhookRoutes } from './webhooks.js';

export interface RouteDeps {
  readonly services: Services;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: HttpLogger;
  readonly document: () => HealthDocument;
  readonly isDraining: () => boolean;
  readonly isAuthEnabled: () => boolean;
  readonly token: () => string;
  readonly tickets: PageTickets;
  readonly metrics: Metrics;
  readonly page: BuiltPage | undefined;
}

export function apiRoutes(deps: RouteDeps): Route[] {
  const { services, connections, clock, logger, document, isDraining, isAuthEnabled } = deps;
  const routes = [
    ...messageRoutes(services.messages, connections),
    ...outgoingRoutes(services.outgoing),
    ...webhookRoutes(services.webhooks),
    ...channelRoutes(services.channelAccounts),
    ...fileRoutes(services.channelAccounts, connections),
    ...agentRoutes({ agent: services.agent, connections, clock, logger }),
    ...openAiRoutes({ completions: services.completions, connections, clock, logger }),
    ...sessionRoutes(services.sessions),
    ...attachmentRoutes(services.attachments),
    ...chatRoutes(services.chat),
    ...sessionArchiveRoutes(services.archive, () => services.commands()),
    ...modelRoutes(services.models),
    ...cronRoutes(services.cron),
    ...statusRoutes(services.status),
    ...overviewRoutes(services.overview),
    ...usageRoutes(services.usage),
    ...eventRoutes(services.events, connections, clock),
    ...configRoutes(services.config),
    ...metricRoutes(deps.metrics),
    ...logRoutes({ logs: services.logs, logLevel: services.logLevel, connections, clock }),
    ...pageLinkRoutes(deps.tickets, deps.token),
    ...healthRoutes(document, isDraining),
    ...pageRoutes({ document, isDraining, isAuthEnabled, page: deps.page }),
  ];
  return [...routes, ...openApiRoutes(routes, document().version)];
}
