/** The worker's HTTP side on a real port of this machine, with services in memory and every log line kept. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { createHttpApp, type HttpApp, type HttpDeps } from '../../daemon/worker/http/app.js';
import * as late from '../../daemon/worker/lazy/late.js';
import * as mcp from '../../daemon/worker/lazy/mcp.js';
import { RequestStats } from '../../daemon/worker/http/observe/request-stats.js';
import type { Services } from '../../daemon/worker/http/services.js';
import { type Clock, systemClock } from '../../shared/clock.js';
import { type Config, configSchema } from '../../shared/config/schema.js';
import { createFakeServices, type FakeServices } from './fake-services.js';
import { type Answer, type Ask, sendRequest } from './http-request.js';
import { checkAgainstOpenApi } from './openapi-check.js';
import { PACKED_PAGE } from './packed-page.js';

export const TOKEN = 'kq3J9vX2mZ7tB5nR8wY1cD4fG6hL0pS-aEiOuU_xQwE';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export interface TestApp {
  readonly app: HttpApp;
  readonly stats: RequestStats;
  readonly port: number;
  readonly services: FakeServices;
  readonly lines: LogLine[];
  readonly send: (path: string, ask?: Ask) => Promise<Answer>;
  /** Replaces the `gateway` part of the configuration. */
  readonly configure: (gateway: object) => void;
}

export interface TestOptions {
  /** Used in place of the services in memory. */
  readonly services?: Partial<Services>;
  readonly gateway?: object;
  readonly clock?: Clock;
  readonly token?: () => string;
  /** What every connection's peer address is made to be. */
  readonly peer?: string;
  readonly isDraining?: () => boolean;
  /** Default: false, so that no page is signed in by itself. */
  readonly knowsOwners?: () => boolean;
  readonly limits?: HttpDeps['limits'];
  readonly tracing?: HttpDeps['tracing'];
  /** `page.json` of a build. Default: {@link PACKED_PAGE}. */
  readonly page?: string;
}

export const fakeMachine = { hostname: () => 'Boat.example.net', addresses: () => ['192.0.2.10', 'fd00::10'] };

function readConfig(gateway: object): Config {
  return configSchema.parse({ gateway });
}

/** Pretends that connections come from elsewhere; before the server's own listeners run. */
function pretendPeer(app: HttpApp, peer: string): void {
  app.server.prependListener('connection', (socket: Socket) => {
    Object.defineProperty(socket, 'remoteAddress', { value: peer });
  });
}

/** Starts an app that is closed when the test ends. */
export async function startHttpApp(options: TestOptions = {}): Promise<TestApp> {
  const lines: LogLine[] = [];
  const log = (level: string) => (fields: object, message: string) => void lines.push({ level, message, fields: { ...fields } });
  const services = createFakeServices();
  const stats = new RequestStats();
  let config = readConfig(options.gateway ?? {});
  const app = createHttpApp({
    services: { ...services, ...options.services },
    config: () => config,
    token: options.token ?? (() => TOKEN),
    logger: { isDebugging: () => true, debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    clock: options.clock ?? systemClock,
    version: { version: '1.2.3', buildId: 'b1' },
    instanceId: 'wk_test',
    stats,
    isDraining: options.isDraining ?? (() => false),
    isOpenToNetwork: () => false,
    knowsOwners: options.knowsOwners ?? (() => false),
    loadLate: () => late,
    loadMcp: () => mcp,
    machine: fakeMachine,
    page: options.page ?? PACKED_PAGE,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.tracing === undefined ? {} : { tracing: options.tracing }),
  });
  if (options.peer !== undefined) pretendPeer(app, options.peer);
  app.server.listen(0, '127.0.0.1');
  await once(app.server, 'listening');
  onTestFinished(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  return {
    app,
    stats,
    port,
    services,
    lines,
    send: async (path, ask = {}) => {
      const answer = await sendRequest(port, path, ask);
      checkAgainstOpenApi({ method: ask.method ?? 'GET', path }, answer);
      return answer;
    },
    configure: (gateway) => {
      config = readConfig(gateway);
    },
  };
}
