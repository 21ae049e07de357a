/**
 * `/metrics` in Prometheus's text format; the owner of prom-client, which formats it and collects the process's own metrics.
 * The first scrape loads it.
 */
import type * as PromClient from 'prom-client';
import type { StatusDocument } from '../../../../shared/control/messages.js';
import type { Services } from '../services.js';
import type { CounterSample } from '../../observe/counters.js';
import { BUCKETS, type RequestDurations, type RequestStats } from './request-stats.js';

export interface MetricsDeps {
  readonly stats: RequestStats;
  readonly vitals: () => { readonly connections: number; readonly inFlight: number };
  readonly services: Pick<Services, 'counters' | 'status'>;
  /** Requests of access tokens. */
  readonly tokenRequests: () => readonly { readonly name: string; readonly count: number }[];
  readonly version: { readonly version: string; readonly buildId: string };
  /** Loads the bundle with prom-client. */
  readonly loadMetrics: () => MetricsModule;
}

/** Gauges of prom-client that are named like counters; each is there by its parts, too. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export type MetricsModule = Pick<typeof PromClient, 'Registry' | 'collectDefaultMetrics'>;

/** A metric as prom-client reads it: by one method that returns its values. */
interface MetricValues {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly values: readonly {
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

function gauge(name: string, help: string, value: number): MetricValues {
  return { name, help, type: 'gauge', values: [{ labels: {}, value }] };
}

function histogram(name: string, help: string, all: readonly RequestDurations[]): MetricValues {
  const values = all.flatMap(({ method, route, buckets, count, sumSeconds }) => {
    let below = 0;
    const steps = BUCKETS.map((le, index) => ({
      metricName: `${name}_bucket`,
      labels: { method, route, le },
      value: (below += buckets[index] ?? 0),
    }));
    return [
      ...steps,
      { metricName: `${name}_bucket`, labels: { method, route, le: '+Inf' }, value: count },
      { metricName: `${name}_sum`, labels: { method, route }, value: sumSeconds },
      { metricName: `${name}_count`, labels: { method, route }, value: count },
    ];
  });
  return { name, help, type: 'histogram', values };
}

function httpMetrics({ stats, vitals, version, tokenRequests }: MetricsDeps): MetricValues[] {
  const { connections, inFlight } = vitals();
  return [
    {
      name: 'xopc_build_info',
      help: 'The running build.',
      type: 'gauge',
      values: [{ labels: { version: version.version, build: version.buildId }, value: 1 }],
    },
    gauge('xopc_http_connections', 'Open connections.', connections),
    gauge('xopc_http_requests_in_flight', 'Requests in progress, including this one.', inFlight),
    {
      name: 'xopc_http_requests_total',
      help: 'Requests by route and status; /health is not counted.',
      type: 'counter',
      values: stats.counts.map(({ count, ...labels }) => ({ labels, value: count })),
    },
    {
      name: 'xopc_token_requests_total',
      help: 'Requests by access token.',
      type: 'counter',
      values: tokenRequests().map(({ name, count }) => ({ labels: { token: name }, value: count })),
    },
    histogram('xopc_http_request_duration_seconds', 'Time until the response was complete.', stats.durations),
  ];
}

function statusMetrics({ restarts, ready, draining }: StatusDocument): MetricValues[] {
  const values = Object.entries({ planned: restarts.planned, crash: restarts.crashes }).map(([kind, value]) => ({
    labels: { kind },
    value,
  }));
  return [
    gauge('xopc_ready', 'Whether a worker accepts requests.', ready ? 1 : 0),
    gauge('xopc_workers_draining', 'Workers that are draining.', draining.length),
    { name: 'xopc_worker_restarts_total', help: 'Restarts of the worker since the gateway was started, by kind.', type: 'counter', values },
  ];
}

function toMetric({ kind, ...sample }: CounterSample): MetricValues {
  return { ...sample, type: kind };
}

async function writeText(metrics: readonly MetricValues[], registry: PromClient.Registry): Promise<string> {
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
    const own = await writeText([...httpMetrics(this.#deps), ...status, ...counters.map(toMetric)], new client.Registry());
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
