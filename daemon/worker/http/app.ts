/** The worker's HTTP server: the chain that each request passes, WebSockets, and the drain. */
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { hostname } from 'node:os';
import Koa from 'koa';
import { GatewayError } from '../../../shared/errors.js';
import { isLoopback } from '../../../shared/node/ip-address.js';
import type { CutWork } from '../../../shared/control/messages.js';
import type { Services } from './services.js';
import { AdmittedStreams } from './connection/admitted-streams.js';
import { Connections } from './connection/connections.js';
import type { HttpLogger, RequestState, RouterExtras } from './context.js';
import { Drain, type DrainMode } from './connection/drain.js';
import { createGate } from './admission/gate.js';
import { createRefuseCredentials, createRequireToken } from './admission/credentials.js';
import { type AdmissionRules, createRules } from './admission/rules.js';
import { createLimiter } from './admission/rate-limit.js';
import { publicAddress } from './admission/public-address.js';
import { admission } from './middleware/admission.js';
import { AnonymousLoad } from './middleware/anonymous-load.js';
import { answer } from './middleware/answer.js';
import { createReadJson } from './middleware/body.js';
import { createOpenUpload } from './middleware/upload.js';
import { compress } from './middleware/compress.js';
import { cors } from './middleware/cors.js';
import { unmatched } from './middleware/unmatched.js';
import { Metrics, type MetricsModule } from './observe/metrics.js';
import { readBuiltPage } from '../../../shared/node/build/built-page.js';
import { PageSessions } from './admission/page-sessions.js';
import { createOwnerCheck } from './admission/owner.js';
import { createOwnHosts, machineNames, type MachineNames } from './admission/own-hosts.js';
import { RequestLog } from './observe/request-log.js';
import type { RequestStats } from './observe/request-stats.js';
import type { McpModule } from './mcp/mcp-routes.js';
import { routesMiddleware } from './route.js';
import { healthDocument } from './routes/gateway/health.js';
import { apiRoutes } from './routes/index.js';
import { createServer, DEFAULT_LIMITS, type ServerLimits } from './connection/server.js';
import { RemoteConnections } from './connection/remote-connections.js';
import { createSocketDoor } from './connection/socket-door.js';
import { TokenRequests } from './connection/token-requests.js';
import { createTokenCheck } from './admission/token.js';
import { isUpgrade, listenForUpgrades } from './connection/upgrade.js';
import type { TraceStarter } from '../tracing/span.js';
import { Sockets, type WsModule } from '../socket/sockets.js';
import type { Deps } from '../store/tasks/worker-deps.js';

export interface HttpDeps extends Deps<'clock' | 'instanceId' | 'config'> {
  readonly services: Services;
  /** The token in force. */
  readonly token: () => string;
  readonly logger: HttpLogger;
  readonly version: { readonly version: string; readonly buildId: string };
  /** Counts the requests. */
  readonly stats: RequestStats;
  /** True once the supervisor has announced a drain. */
  readonly isDraining: () => boolean;
  /** Default: nothing is traced. */
  readonly tracing?: TraceStarter;
  /** Loads the bundle with rarely needed parts. */
  readonly loadLate: () => MetricsModule & WsModule;
  /** Loads the Model Context Protocol bundle. */
  readonly loadMcp: () => McpModule;
  /** `page.json` of the build; undefined if no page was built. */
  readonly page?: string | undefined;
  /** Whether other machines can reach the gateway without a token. */
  readonly isOpenToNetwork: () => boolean;
  /** Whether this system reports which user opened a connection. Replaced in tests. */
  readonly knowsOwners?: () => boolean;
  /** For tests. */
  readonly limits?: Partial<ServerLimits>;
  readonly machine?: MachineNames;
}

export interface HttpApp {
  /** Does not listen: the lifecycle gives it the supervisor's handle. */
  readonly server: Server;
  /** Stops serving within `timeoutMs`, or earlier when nothing is left. @returns the aborted work */
  drain(mode: DrainMode, timeoutMs: number): Promise<CutWork>;
  vitals(): { connections: number; inFlight: number };
  /** Address at which others reach it, as far as known; null while it does not listen. */
  address(): string | null;
  /** Called when the token or the configuration has changed: ends WebSockets and streams that would no longer be admitted. */
  recheck(): void;
  /** Destroys every open connection without waiting. */
  close(): void;
}

/** Errors outside the chain: mostly clients that disconnect while an answer is being sent, and sources that fail before its end. */
function logUnsent(logger: HttpLogger, error: NodeJS.ErrnoException): void {
  const { code = '' } = error;
  const isCutOff = code === 'ABORT_ERR' || (error instanceof GatewayError && error.spec.expose);
  if (isCutOff) logger.debug({ err: error }, 'a response was cut off');
  else if (['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code))
    logger.debug({ code }, 'the client disconnected before the response was sent');
  else logger.error({ err: error }, 'failed to send a response');
}

interface KoaDeps {
  readonly connections: Connections;
  readonly remote: RemoteConnections;
  readonly rules: () => AdmissionRules;
  readonly isDraining: () => boolean;
  /** Called when a page has signed out. */
  readonly recheck: () => void;
}

function addressOf(bound: AddressInfo | string | null): string | null {
  if (bound === null || typeof bound === 'string') return null;
  const { address, port } = bound;
  if (address === '0.0.0.0' || address === '::') return `${hostname()}:${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Builds the chain, in the order in which a request passes it, and the admission of WebSockets by the same gate. */
function createKoa(deps: HttpDeps, { connections, remote, rules, isDraining, recheck }: KoaDeps) {
  const { services, config, token, logger, clock, stats, machine = machineNames } = deps;
  const { accessTokens: tokens } = services;
  const tokenState = createTokenCheck(token, tokens);
  const gate = createGate({ rules, tokenState, ownHosts: createOwnHosts(machine, clock) });
  const refuseCredentials = createRefuseCredentials();
  const sessions = new PageSessions({ secrets: services.pageSecrets, tokens, token, clock });
  const requests = new TokenRequests({ connections, tokens, limit: createLimiter(60) });
  const requireToken = createRequireToken(sessions, refuseCredentials);
  const streams = new AdmittedStreams({ clock, gate, requireToken });
  const entitle = (socket: Socket): void => remote.entitle(socket);
  const vitals = () => ({ connections: connections.open, inFlight: connections.inFlight });
  const routes = apiRoutes({
    ...deps,
    connections,
    isDraining,
    pageSession: {
      sessions,
      refuseCredentials,
      isOwner: createOwnerCheck(rules, deps.knowsOwners),
      isOpenToNetwork: deps.isOpenToNetwork,
      onSignOut: recheck,
    },
    document: healthDocument(deps),
    metrics: new Metrics({ ...deps, loadMetrics: deps.loadLate, vitals, tokenRequests: () => requests.counts }),
    page: readBuiltPage(deps.page),
  });
  const maxBodyBytes = (): number => config().gateway.maxBodyBytes;
  const readJson = createReadJson(maxBodyBytes);
  const load = new AnonymousLoad(maxBodyBytes);
  const openUpload = createOpenUpload(() => config().gateway.maxImportBytes);

  const koa = new Koa<RequestState, RouterExtras>();
  koa.on('error', (error: NodeJS.ErrnoException) => logUnsent(logger, error));
  koa.use(answer({ rules, log: new RequestLog({ logger, clock, stats }), tracing: deps.tracing, logger, clock }));
  koa.use(compress);
  koa.use(admission({ gate, refuseCredentials, requireToken, cors: cors(() => rules().cors), entitle, load }));
  koa.use(routesMiddleware(routes, { readJson, openUpload, refuseCredentials, requireToken, beginRequest: requests.begin, streams }));
  koa.use(unmatched);
  const door = createSocketDoor({ gate, refuseCredentials, requireToken, tokenState, admitRequest: requests.admit, entitle });
  const isEntitled = (request: IncomingMessage): boolean => {
    const { token: shown, needsToken } = gate(request, request.url ?? '').caller;
    return shown === 'valid' || !needsToken;
  };
  return { koa, streams, door, isEntitled, urlOf: (request: IncomingMessage) => publicAddress(request, rules()).url };
}

function createSockets({ services, clock, logger, version, instanceId, loadLate }: HttpDeps): Sockets {
  const { chat, events } = services;
  const identity = { instanceId, version: version.version, buildId: version.buildId };
  return new Sockets({ chat, events, clock, logger, identity, loadWs: loadLate });
}

export function createHttpApp(deps: HttpDeps): HttpApp {
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const isDraining = (): boolean => deps.isDraining() || drain.isActive;
  const connections = new Connections({
    handle: (request, response) => void answerRequest(request, response),
    isClosing: isDraining,
    maxPipelined: limits.maxPipelined,
    isAnonymous: (socket) => remote.isAnonymous(socket),
  });
  const rules = createRules(deps.config);
  const isIdle = (socket: Socket): boolean => connections.isIdle(socket);
  const isUnlimited = (address: string): boolean => isLoopback(address) || rules().trustedProxies.has(address);
  const remote = new RemoteConnections({ limits, isUnlimited, isIdle, clock: deps.clock });
  const recheck = (): void => {
    sockets.recheck();
    streams.recheck();
  };
  const { koa, streams, door, isEntitled, urlOf } = createKoa(deps, { connections, remote, rules, isDraining, recheck });
  const answerRequest = koa.callback();
  const sockets = createSockets(deps);
  deps.services.accessTokens.onEnd(() => sockets.recheck());
  const { clock, logger } = deps;
  const isForSocket = (request: IncomingMessage): boolean => isUpgrade(request, { isDraining, urlOf });
  const server = createServer({ connections, remote, isEntitled, isUpgrade: isForSocket, limits, clock, logger });
  const drain = new Drain({ server, connections, clock: deps.clock });
  listenForUpgrades(server, {
    clock: deps.clock,
    isDraining,
    isIdle,
    start: (socket, start) => connections.startUpgrade(socket, start),
    urlOf,
    admit: door,
    accept(request, socket, context) {
      connections.release(socket);
      // An earlier answer may already have set one.
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
    address: () => addressOf(server.address()),
    recheck,
    close() {
      server.close();
      connections.destroyAll();
      sockets.destroyAll();
    },
  };
}
