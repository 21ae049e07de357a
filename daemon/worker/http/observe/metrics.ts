/**
 * `/metrics` in Prometheus's text format; the owner of prom-client, which formats it and collects the process's own metrics.
 * The first scrape loads it.
 */
import type * as PromClient from 'prom-client';
import type { StatusDocument } from '../../../../shared/api/gateway/status.js';
import type { Services } from '../services.js';
import { counter, gauge, type Metric } from '../../observe/metric.js';
import type { RequestStats } from './request-stats.js';

export interface MetricsDeps {
  readonly stats: RequestStats;
  readonly vitals: () => { readonly connections: number; readonly inFlight: number };
  readonly services: Pick<Services, 'counters' | 'status'>;
  /** Requests by access token. */
  readonly tokenRequests: () => readonly { readonly name: string; readonly count: number }[];
  readonly version: { readonly version: string; readonly buildId: string };
  /** Loads the bundle with prom-client. */
  readonly loadMetrics: () => MetricsModule;
}

/** prom-client gauges that are named like counters; their parts are exported too. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export type MetricsModule = Pick<typeof PromClient, 'Registry' | 'collectDefaultMetrics'>;

function httpMetrics({ stats, vitals, version, tokenRequests }: MetricsDeps): Metric[] {
  const { connections, inFlight } = vitals();
  return [
    gauge('xopc_build_info', 'The running build.', [{ labels: { version: version.version, build: version.buildId }, value: 1 }]),
    gauge('xopc_http_connections', 'Open connections.', connections),
    gauge('xopc_http_requests_in_flight', 'Requests in progress, including this one.', inFlight),
    counter(
      'xopc_token_requests_total',
      'Requests by access token.',
      tokenRequests().map(({ name, count }) => ({ labels: { token: name }, value: count })),
    ),
    ...stats.read(),
  ];
}

function statusMetrics({ restarts, ready, draining }: StatusDocument): Metric[] {
  const values = Object.entries({ planned: restarts.planned, crash: restarts.crashes }).map(([kind, value]) => ({
    labels: { kind },
    value,
  }));
  return [
    gauge('xopc_ready', 'Whether a worker accepts requests.', ready ? 1 : 0),
    gauge('xopc_workers_draining', 'Workers that are draining.', draining.length),
    counter('xopc_worker_restarts_total', 'Restarts of the worker since the gateway was started, by kind.', values),
  ];
}

async function writeText(metrics: readonly Metric[], registry: PromClient.Registry): Promise<string> {
  for (const metric of metrics)
    registry.registerMetric({ name: metric.name, get: () => Promise.resolve(metric) } as unknown as PromClient.Metric);
  return registry.metrics();
}

export class Metrics {
  readonly #deps: MetricsDeps;
  #process: { client: MetricsModule; registry: PromClient.Registry } | undefined;

  constructor(deps: MetricsDeps) {
    this.#deps = deps;
  }

  /** @returns the text and its media type */
  async read(): Promise<{ text: string; contentType: string }> {
    this.#process ??= this.#load();
    const { client, registry } = this.#process;
    const { services } = this.#deps;
    const [counters, status] = await Promise.all([
      services.counters.read(),
      // The other metrics do not need the supervisor's answer.
      services.status.read().then(statusMetrics, () => []),
    ]);
    const own = await writeText([...httpMetrics(this.#deps), ...status, ...counters], new client.Registry());
    return { text: `${await registry.metrics()}\n${own}`, contentType: registry.contentType };
  }

  #load(): { client: MetricsModule; registry: PromClient.Registry } {
    const client = this.#deps.loadMetrics();
    const registry = new client.Registry();
    client.collectDefaultMetrics({ register: registry });
    for (const name of MISNAMED) registry.removeSingleMetric(name);
    return { client, registry };
  }
}
