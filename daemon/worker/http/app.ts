/** The worker's HTTP side: what a request passes, in this order, before its route, and how serving ends. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import Koa from 'koa';
import type { Clock } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import type { CutWork } from '../../../shared/control/messages.js';
import type { Services } from '../contracts.js';
import { parseAddressList } from './admission/address-list.js';
import { Connections } from './connection/connections.js';
import type { HttpLogger, RequestState, RouterExtras } from './context.js';
import { directAnswers } from './direct.js';
import { Drain, type DrainMode } from './connection/drain.js';
import { lastResult } from './last-result.js';
import { accessLog } from './middleware/access-log.js';
import { auth, createDemandToken, createRefuseAddress, createRefuseCredentials } from './admission/auth.js';
import { createReadJson } from './middleware/body.js';
import { createOpenUpload } from './middleware/upload.js';
import { cors } from './middleware/cors.js';
import { errorResponse } from './middleware/error-response.js';
import { healthDocument, healthFastPath } from './middleware/health.js';
import { hostGuard } from './admission/host-guard.js';
import { originGuard } from './admission/origin-guard.js';
import { createFailureLimiter } from './admission/rate-limit.js';
import { requestId } from './middleware/request-id.js';
import { requestTarget } from './admission/request-target.js';
import { securityHeaders } from './middleware/security-headers.js';
import { unmatched } from './middleware/unmatched.js';
import { Metrics, type MetricsModule } from './observe/metrics.js';
import { readBuiltPage } from './page/built-page.js';
import { PageTickets } from './admission/page-tickets.js';
import { createOwnHosts, machineNames, type MachineNames, parseHost } from './admission/own-hosts.js';
import { RequestLog } from './observe/request-log.js';
import { RequestStats } from './observe/request-stats.js';
import { routesMiddleware } from './route.js';
import { apiRoutes } from './routes/index.js';
import { createServer, DEFAULT_LIMITS, type ServerLimits } from './connection/server.js';
import { createSocketDoor, type SocketDoor } from './connection/socket-door.js';
import { createTokenCheck } from './admission/token.js';
import { listenForUpgrades } from './connection/upgrade.js';
import { Sockets, type WsModule } from '../socket/sockets.js';

export interface HttpDeps {
  readonly services: Services;
  /** The configuration in force; a new object when it changes. */
  readonly config: () => Config;
  /** The token in force. */
  readonly token: () => string;
  readonly logger: HttpLogger;
  readonly clock: Clock;
  readonly version: { readonly version: string; readonly buildId: string };
  readonly instanceId: string;
  /** True from when the supervisor has announced the drain; this side's own drain counts besides. */
  readonly isDraining: () => boolean;
  readonly loadMetrics: () => MetricsModule;
  readonly loadWs: () => WsModule;
  /** `page.json` of the build; undefined where no page was built. */
  readonly page?: string | undefined;
  /** For tests. */
  readonly limits?: Partial<ServerLimits>;
  readonly machine?: MachineNames;
}

export interface HttpApp {
  /** Does not listen: the lifecycle gives it the supervisor's handle. */
  readonly server: Server;
  /** Ends serving within `timeoutMs`, earlier when nothing is left. @returns what had to be cut */
  drain(mode: DrainMode, timeoutMs: number): Promise<CutWork>;
  vitals(): { connections: number; inFlight: number };
  /** Requests since the start. */
  totals(): RequestStats['totals'];
  /** Destroys whatever is open, without waiting. */
  close(): void;
}

function liveRules(config: () => Config) {
  const trustedProxies = lastResult(parseAddressList);
  const allowedIps = lastResult(parseAddressList);
  const allowedHosts = lastResult((hosts: readonly string[]) => new Set(hosts.map((host) => parseHost(host) ?? host)));
  return {
    trustedProxies: () => trustedProxies(config().gateway.trustedProxies),
    allowedIps: () => allowedIps(config().gateway.allowedIps),
    allowedHosts: () => allowedHosts(config().gateway.allowedHosts),
    cors: () => config().gateway.cors,
    isAuthEnabled: () => config().gateway.auth.enabled,
    maxBodyBytes: () => config().gateway.maxBodyBytes,
    maxImportBytes: () => config().gateway.maxImportBytes,
  };
}

/** What Koa could not hand to the error exit: mostly clients that left while an answer was being sent. */
function logUnsent(logger: HttpLogger, error: NodeJS.ErrnoException): void {
  const isClientGone = ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(error.code ?? '');
  if (isClientGone) logger.debug({ code: error.code }, 'the client went away before its answer was sent');
  else logger.error({ err: error }, 'an answer could not be sent');
}

/** What answers requests, and the way in for what is no request any more. */
interface Answering {
  readonly koa: Koa<RequestState, RouterExtras>;
  readonly stats: RequestStats;
  readonly door: SocketDoor;
  /** Before Koa. @returns false when the request has to take the long way */
  readonly answerFirst: (request: IncomingMessage, response: ServerResponse) => boolean;
}

function createKoa(deps: HttpDeps, connections: Connections, isDraining: () => boolean): Answering {
  const { logger, clock } = deps;
  const rules = liveRules(deps.config);
  const refuse = createRefuseAddress(createFailureLimiter());
  const refuseCredentials = createRefuseCredentials(refuse);
  const demandToken = createDemandToken(refuseCredentials);
  const stats = new RequestStats();
  const log = new RequestLog({ logger, clock, stats });
  const vitals = () => ({ connections: connections.open, inFlight: connections.inFlight });
  const metrics = new Metrics({ ...deps, stats, vitals });
  const healthDeps = { ...deps, isRestricted: () => deps.config().gateway.allowedIps.length > 0 };
  const document = healthDocument(healthDeps);
  const koa = new Koa<RequestState, RouterExtras>();
  const tokenState = createTokenCheck(deps.token);
  const tickets = new PageTickets(clock);
  const target = requestTarget({ ...rules, tokenState });
  const hosts = { ownHosts: createOwnHosts(deps.machine ?? machineNames, clock), allowedHosts: rules.allowedHosts };
  const host = hostGuard({ ...hosts, demandToken });
  const origin = originGuard(rules.cors);
  koa.on('error', (error: NodeJS.ErrnoException) => logUnsent(logger, error));
  koa.use(requestId);
  koa.use(securityHeaders);
  koa.use(accessLog(log));
  koa.use(errorResponse(logger, clock));
  koa.use(target);
  koa.use(host);
  koa.use(origin);
  koa.use(cors(rules.cors));
  koa.use(auth(rules.isAuthEnabled, demandToken));
  const routes = apiRoutes({ ...deps, ...rules, page: readBuiltPage(deps.page), connections, document, isDraining, tickets, metrics });
  const readJson = createReadJson(rules.maxBodyBytes);
  koa.use(routesMiddleware(routes, { readJson, openUpload: createOpenUpload(rules.maxImportBytes), demandToken, refuseCredentials }));
  koa.use(unmatched);
  const door = createSocketDoor({ koa, guards: [target, host, origin], ...rules, demandToken, refuse, tokenState, tickets });
  const answerHealth = healthFastPath(healthDeps, document);
  const answerDirectly = directAnswers({ routes, hosts, ...rules, tokenState, log, logger });
  return { koa, stats, door, answerFirst: (request, response) => answerHealth(request, response) || answerDirectly(request, response) };
}

function createSockets({ services, clock, logger, version, instanceId, loadWs }: HttpDeps, door: SocketDoor): Sockets {
  const { chat, events } = services;
  const identity = { instanceId, version: version.version, buildId: version.buildId };
  return new Sockets({ chat, events, clock, logger, identity, loadWs, authenticate: (hello, client) => door.authenticate(hello, client) });
}

export function createHttpApp(deps: HttpDeps): HttpApp {
  const connections = new Connections();
  const isDraining = (): boolean => deps.isDraining() || drain.isActive;
  const { koa, stats, door, answerFirst } = createKoa(deps, connections, isDraining);
  const answer = koa.callback();
  const sockets = createSockets(deps, door);
  const server = createServer({
    connections,
    limits: { ...DEFAULT_LIMITS, ...deps.limits },
    clock: deps.clock,
    logger: deps.logger,
    handle(request, response) {
      connections.begin(request, response);
      if (isDraining()) response.shouldKeepAlive = false;
      if (!answerFirst(request, response)) void answer(request, response);
    },
  });
  const drain = new Drain({ server, connections, clock: deps.clock });
  listenForUpgrades(server, {
    isDraining,
    admit: (request) => door.admit(request),
    accept(request, socket, context) {
      connections.release(socket);
      socket.setTimeout(0);
      sockets.accept(request, socket, context);
    },
  });
  return {
    server,
    async drain(mode, timeoutMs) {
      const [cut, cutSockets] = await Promise.all([drain.run(mode, timeoutMs), sockets.drain(mode, timeoutMs)]);
      return { ...cut, sockets: cut.sockets + cutSockets };
    },
    vitals: () => ({ connections: connections.open + sockets.open, inFlight: connections.inFlight }),
    totals: () => stats.totals,
    close() {
      server.close();
      connections.destroyAll();
      sockets.destroyAll();
    },
  };
}
