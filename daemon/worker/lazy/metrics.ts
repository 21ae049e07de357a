/** Entry of the bundle that writes Prometheus's text format, a `MetricsModule`. The first scrape loads it. */
export { collectDefaultMetrics, Registry } from 'prom-client';
