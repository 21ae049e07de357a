/** The worker's lifecycle, driven by the supervisor's messages: configuration → store → HTTP → `ready` → listen → activate → drain. */
import { portTaken } from '../../shared/node/listen-error.js';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.js';
import type { StatusWarning } from '../../shared/api/gateway/status.js';
import type { SupervisorMessage, WorkerBoot } from '../../shared/ipc/messages.js';
import { levelRank } from '../../shared/log/level.js';
import { ofModule } from '../../shared/log/modules.js';
import { readBuildInfo } from '../../shared/node/build/bundle.js';
import { environmentSecrets, environmentValue, readEnvironment } from '../../shared/node/process/env.js';
import { LogFile } from '../../shared/node/log/log-file.js';
import { createLogger, type Logger } from '../../shared/node/log/logger.js';
import { type GatewayPaths, resolvePaths } from '../../shared/node/process/paths.js';
import { findSecrets } from '../../shared/config/secrets.js';
import { createRedactor, type Redactor } from '../../shared/node/secrets/redact.js';
import { holdBundles } from './lazy-bundles.js';
import { createHttpApp, type HttpApp } from './http/app.js';
import { readPageFile } from '../../shared/node/build/built-page.js';
import { RequestStats } from './http/observe/request-stats.js';
import { Heartbeat } from './heartbeat.js';
import { Activity } from './observe/activity.js';
import { spanMetrics } from './observe/counters.js';
import { OpenAccess } from './config/open-access.js';
import { ConfigDocuments } from './config/config-documents.js';
import { createConversation } from './compose.js';
import type { Conversation } from './conversation.js';
import { checkInProcess } from './upkeep/integrity-check.js';
import { LogLevelOverride, LogLevels } from './observe/log-level.js';
import { lateLogs } from './observe/late-logs.js';
import { ownRssBytes } from './observe/memory.js';
import type { SupervisorChannel } from './supervisor-channel.js';
import { TOKEN_REPLACED, WorkerConfig } from './config/worker-config.js';
import { Tracing } from './tracing/tracing.js';

/** After a crash, connections wait in the kernel. They are answered first; activation begins this much later. */
const FIRST_ANSWERS_MS = 50;
/** The kernel caps it at net.core.somaxconn. */
const BACKLOG = 4_096;

/** The messages to the supervisor. */
export type WorkerChannel = Pick<SupervisorChannel, 'send' | 'flush' | 'ask'>;

type Message<T extends SupervisorMessage['type']> = Extract<SupervisorMessage, { type: T }>;

export class WorkerLifecycle {
  readonly #boot: WorkerBoot;
  readonly #channel: WorkerChannel;
  readonly #config: WorkerConfig;
  readonly #logFile: LogFile;
  readonly #redactor: Redactor;
  readonly #levels: LogLevels;
  readonly #logLevel: LogLevelOverride;
  readonly #log: Logger;
  readonly #build = readBuildInfo() ?? { version: '0.0.0', buildId: 'unknown' };
  readonly #bundles = holdBundles();
  readonly #activity: Activity;
  readonly #requests = new RequestStats();
  readonly #conversation: Conversation;
  readonly #paths: GatewayPaths;
  readonly #http: HttpApp;
  readonly #openAccess: OpenAccess;
  readonly #tracing: Tracing;
  readonly #heartbeat = new Heartbeat({ send: () => this.#sendVitals(), onLate: (lateMs) => this.#conversation.beat(lateMs) });
  #liveInstanceIds: readonly string[];
  #isDraining = false;

  /** Reads and validates the configuration. @throws CONFIG_INVALID */
  constructor(options: { boot: WorkerBoot; channel: WorkerChannel; clock: Clock }) {
    const { boot, channel, clock } = options;
    const environment = readEnvironment();
    this.#boot = boot;
    this.#channel = channel;
    this.#liveInstanceIds = boot.liveInstanceIds;
    const paths = resolvePaths({ ...boot, runtimeDir: environment.runtimeDir });
    this.#paths = paths;
    this.#config = new WorkerConfig({
      config: boot.configSource,
      models: boot.modelsSource,
      token: paths.tokenPath,
      tokenOverride: environment.token,
    });
    const loaded = (): WorkerConfig['current'] => this.#config.current;
    this.#logFile = new LogFile({
      path: paths.logPath,
      maxBytes: loaded().config.logs.maxBytes,
      role: 'worker',
      wantsRotation: () => channel.send({ type: 'rotateLogs' }),
    });
    this.#redactor = createRedactor(environmentSecrets());
    this.#learnSecrets();
    this.#levels = new LogLevels(() => environment.logLevel ?? loaded().config.logs.level);
    this.#log = createLogger({
      file: this.#logFile,
      level: (module) => this.#levels.levelOf(module),
      bindings: { role: 'worker', instanceId: boot.instanceId },
      redactor: this.#redactor,
    });
    for (const { code, message } of loaded().warnings) if (code === TOKEN_REPLACED) this.#log.warn({}, message);
    this.#logLevel = new LogLevelOverride({ clock, levels: this.#levels, logger: this.#log, path: paths.logLevelPath });
    this.#activity = new Activity({ instanceId: boot.instanceId, build: this.#build, clock });
    this.#tracing = this.#createTracing(clock);
    this.#conversation = createConversation({
      paths,
      config: () => loaded().config,
      models: () => loaded().models,
      instanceId: boot.instanceId,
      liveInstanceIds: () => this.#liveInstanceIds,
      node: () => ({ version: this.#build.version, build: this.#build.buildId, address: this.#http.address() }),
      logger: this.#log,
      clock,
      ...this.#bundles,
      loadTelegram: this.#bundles.loadLate,
      noteGroups: (pids) => channel.send({ type: 'children', pids }),
      checkDatabase: checkInProcess,
      publish: (event) => this.#activity.publish(event),
      noteCall: (call) => this.#activity.noteCall(call),
      tracing: this.#tracing,
      requests: () => this.#requests.totals,
      channelTimes: (label) => this.#activity.channelTimes(label),
    });
    this.#http = this.#createHttp(clock);
    this.#openAccess = new OpenAccess(() => loaded().config, this.#http.server, this.#log);
  }

  /** Opens the store and tells the supervisor that this worker can listen. */
  async start(): Promise<void> {
    await this.#conversation.start();
    const { token, config } = this.#config.current;
    this.#channel.send({
      type: 'ready',
      version: this.#build.version,
      token,
      authEnabled: config.gateway.auth.enabled === true,
      warnings: this.#warnings(),
    });
  }

  /** @throws PORT_TAKEN if another program listens on the address, or the handle has another port */
  listen(message: Message<'listen'>, handle: unknown): Promise<void> {
    const { server } = this.#http;
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'EADDRINUSE' ? portTaken(message.host, message.port) : error),
      );
      server.listen(handle as object, BACKLOG, () => {
        const { port } = server.address() as AddressInfo;
        if (port !== message.port) return reject(portTaken(message.host, message.port));
        this.#channel.send({ type: 'listening' });
        this.#heartbeat.beat();
        server.on('connection', () => this.#heartbeat.wake());
        resolve();
      });
    });
  }

  /** Starts the work that only the one active worker does, unless a drain begins first. */
  async activate(): Promise<void> {
    await delay(FIRST_ANSWERS_MS);
    if (this.#isDraining) return;
    await this.#conversation.activate();
    // The channels have just started; a status must not show them as stopped until the next heartbeat.
    this.#heartbeat.beat();
    this.#openAccess.log();
    this.#log.debug({ instanceId: this.#boot.instanceId }, 'active');
  }

  /** Stops everything; see `DRAIN_END` for the deadlines. Resolves when this process may exit. */
  async drain({ mode, timeoutMs }: Message<'drain'>): Promise<void> {
    const startedAtMs = performance.now();
    this.#isDraining = true;
    // After a restart a new token may be in force; the old one must not be accepted on connections that stay here.
    this.#reload();
    this.#activity.publish({ type: 'draining' });
    const quiesced = this.#conversation.quiesce(timeoutMs).then(() => this.#channel.send({ type: 'quiesced' }));
    // Chat turns get the same time as HTTP requests.
    const [cut] = await Promise.all([this.#http.drain(mode, timeoutMs), this.#conversation.drain(timeoutMs)]);
    await quiesced;
    await this.#conversation.close();
    await this.#tracing.close(timeoutMs - (performance.now() - startedAtMs));
    this.#heartbeat.stop();
    this.#log[cut.requests + cut.streams === 0 ? 'debug' : 'warn']({ cut }, 'drained');
    this.#logFile.close();
    await this.#channel.flush({ type: 'drained', cut });
  }

  peers(message: Message<'peers'>): void {
    this.#liveInstanceIds = message.liveInstanceIds;
  }

  reopenLogs(): void {
    this.#logFile.reopen();
  }

  applyConfig(message: Message<'applyConfig'>): void {
    const problems = this.#reload();
    const { config, token } = this.#config.current;
    this.#logFile.setMaxBytes(config.logs.maxBytes);
    if (problems.length === 0) void this.#conversation.reconfigure();
    this.#tracing.reconfigure();
    this.#openAccess.log();
    this.#http.recheck();
    const outcome = problems.length === 0 ? 'applied' : 'rejected';
    this.#activity.publish({ type: 'config', outcome, revision: this.#config.current.hash });
    this.#channel.send({
      type: 'configResult',
      hash: message.hash,
      outcome,
      problems,
      token,
      authEnabled: config.gateway.auth.enabled === true,
    });
  }

  /** Reloads the files. @returns the problems; empty when the files are in force */
  #reload(): ReturnType<WorkerConfig['reload']> {
    const { configPath, modelsPath } = this.#paths;
    const problems = this.#config.reload({ config: configPath, models: modelsPath });
    this.#learnSecrets();
    return problems;
  }

  /** Adds the secrets of the configuration in force to those that the log redacts. */
  #learnSecrets(): void {
    const { token, config, models } = this.#config.current;
    this.#redactor.add([token.token, ...findSecrets(config), ...findSecrets(models)]);
  }

  fatal(error: unknown): void {
    this.#log.fatal({ err: error }, 'the worker cannot continue');
  }

  #createTracing(clock: Clock): Tracing {
    return new Tracing({
      config: () => this.#config.current.config,
      lookup: environmentValue,
      load: this.#bundles.loadLate,
      service: { version: this.#build.version, instanceId: this.#boot.instanceId },
      clock,
      logger: this.#log,
    });
  }

  #createHttp(clock: Clock): HttpApp {
    // Messages keep their order: the supervisor knows the issues when it answers.
    const beaten = (): Promise<void> => this.#conversation.issues.refresh().then(() => this.#heartbeat.beat());
    const status = { read: () => beaten().then(() => this.#channel.ask({ type: 'status' })) };
    const isTokenOverridden = readEnvironment().token !== undefined;
    const inForce = () => ({ config: this.#config.current.config, revision: this.#config.current.hash, isTokenOverridden });
    return createHttpApp({
      services: {
        ...this.#conversation,
        status,
        logs: lateLogs(this.#bundles.loadLate, { logPath: this.#paths.logPath, redactor: this.#redactor }),
        logLevel: this.#logLevel,
        config: new ConfigDocuments({ paths: this.#paths, inForce, status }),
        events: this.#activity.events,
        counters: this.#activity.counters(async () => [...spanMetrics(this.#tracing.counts), ...(await this.#conversation.gauges())]),
      },
      config: () => this.#config.current.config,
      tracing: this.#tracing,
      loadLate: this.#bundles.loadLate,
      loadMcp: this.#bundles.loadMcp,
      token: () => this.#config.current.token.token,
      logger: { ...ofModule(this.#log, 'http'), isDebugging: () => levelRank(this.#levels.levelOf('http')) <= levelRank('debug') },
      clock,
      version: this.#build,
      instanceId: this.#boot.instanceId,
      stats: this.#requests,
      isDraining: () => this.#isDraining,
      isOpenToNetwork: () => this.#openAccess.isOpenToNetwork(),
      page: readPageFile(),
    });
  }

  #warnings(): StatusWarning[] {
    return [
      ...this.#openAccess.warnings(),
      ...this.#config.current.warnings,
      ...this.#logLevel.warnings(),
      ...this.#conversation.warnings(),
    ];
  }

  /** @returns whether the worker is idle */
  #sendVitals(): boolean {
    const vitals = { ...this.#http.vitals(), ...this.#conversation.nodes() };
    const channels = this.#conversation.channels();
    this.#activity.noteChannels(channels);
    this.#channel.send({
      type: 'heartbeat',
      vitals: { rssBytes: ownRssBytes(), ...vitals, channels, warnings: this.#warnings(), issues: this.#conversation.issues.current },
    });
    return vitals.connections === 0;
  }
}
