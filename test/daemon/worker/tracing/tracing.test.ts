import { expect, test } from 'vitest';
import type { Attributes } from '../../../../daemon/worker/tracing/span.js';
import { readTraceSettings } from '../../../../daemon/worker/tracing/trace-settings.js';
import { createTracer } from '../../../../daemon/worker/tracing/tracer.js';
import { Tracing } from '../../../../daemon/worker/tracing/tracing.js';
import { configSchema } from '../../../../shared/config/schema.js';
import { startCollector } from '../../../fakes/collector/collector.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

const service = { version: '1.2.3', instanceId: 'wk_a' };

function makeTracing(traces: () => object) {
  let loads = 0;
  const logger = logMemory();
  const tracing = new Tracing({
    config: () => configSchema.parse({ telemetry: { traces: traces() } }),
    lookup: () => undefined,
    load: () => ((loads += 1), { createTracer }),
    service,
    clock: new FakeClock(),
    logger,
  });
  return { tracing, logger, loads: () => loads };
}

test('traces that are off load nothing; a changed configuration turns them on, sends elsewhere and turns them off', async () => {
  const [first, second] = [await startCollector(), await startCollector()];
  let traces: object = {};
  const { tracing, loads } = makeTracing(() => traces);
  const trace = (): void => tracing.begin(() => ({ name: 'x' }))?.end();
  trace();
  expect([loads(), tracing.counts]).toEqual([0, { exported: 0, dropped: 0 }]);
  traces = { url: first.url };
  tracing.reconfigure();
  expect(loads()).toBe(0);
  trace();
  tracing.reconfigure();
  trace();
  traces = { url: `${second.url}/here`, headers: { Authorization: 'Bearer x' } };
  tracing.reconfigure();
  await first.received(1);
  trace();
  traces = {};
  tracing.reconfigure();
  await second.received(1);
  expect(tracing.begin(() => ({ name: 'x' }))).toBeUndefined();
  expect([first.spans.length, second.spans.length, second.requests[0]?.authorization]).toEqual([2, 1, 'Bearer x']);
});

test('a bundle that cannot be loaded is named once and turns traces off', () => {
  const logger = logMemory();
  const load = (): never => {
    throw new Error('gone');
  };
  const config = () => configSchema.parse({ telemetry: { traces: { url: 'http://127.0.0.1:9' } } });
  const tracing = new Tracing({ config, load, lookup: () => undefined, service, clock: new FakeClock(), logger });
  expect([tracing.begin(() => ({ name: 'x' })), tracing.begin(() => ({ name: 'x' }))]).toEqual([undefined, undefined]);
  expect(logger.entries.map(({ level }) => level)).toEqual(['error']);
});

test('a share of new traces is kept; a caller decides about its own, and a trace is kept whole or not at all', async () => {
  const collector = await startCollector();
  const { tracing } = makeTracing(() => ({ url: collector.url, ratio: 0.25 }));
  let kept = 0;
  for (let count = 0; count < 1_000; count += 1) {
    const span = tracing.begin(() => ({ name: 'mine' }));
    if (span?.traceId !== '') kept += 1;
  }
  expect(kept).toBeGreaterThan(150);
  expect(kept).toBeLessThan(350);
  const dropped = tracing.begin(() => ({ name: 'server' }), `00-${TRACE}-00f067aa0ba902b7-00`);
  const child = dropped?.child({ name: 'child' });
  child?.end();
  dropped?.end();
  for (const ratio of [0, 0.25]) {
    const other = makeTracing(() => ({ url: collector.url, ratio })).tracing;
    const span = other.begin(() => ({ name: 'server', kind: 'server' }), `00-${TRACE}-00f067aa0ba902b7-03`);
    span?.child({ name: 'child', kind: 'client' }).end();
    span?.end({ error: 'x' });
    span?.end();
    await other.close(1_000);
  }
  await tracing.close(1_000);
  const server = collector.spans[1];
  expect(collector.spans).toMatchObject([
    { traceId: TRACE, parentSpanId: server?.spanId, name: 'child', kind: 3, isError: false },
    { traceId: TRACE, parentSpanId: '00f067aa0ba902b7', name: 'server', kind: 2, isError: true, attributes: { 'error.type': 'x' } },
    { name: 'child' },
    { name: 'server' },
  ]);
});

test('whatever an attribute is, the document stays one that collectors take', async () => {
  const collector = await startCollector();
  const { tracing } = makeTracing(() => ({ url: collector.url }));
  const attributes: Attributes = {
    whole: 3,
    negative: -1,
    huge: 2 ** 60,
    part: 0.5,
    nan: NaN,
    endless: Infinity,
    yes: true,
    no: null,
    missing: undefined,
    half: `a${'😀'.repeat(200)}`,
    lone: '\ud800',
    long: 'x'.repeat(100_000),
    list: ['a', '\udc00'],
    control: '\u0000\n',
  };
  tracing.begin(() => ({ name: '\ud800'.repeat(1_000), attributes }))?.end({ name: '\udfff' });
  await tracing.close(1_000);
  expect(collector.problems).toEqual([]);
  const { half, long, ...rest } = collector.spans[0]?.attributes ?? {};
  expect(rest).toEqual({
    whole: 3,
    negative: -1,
    huge: 2 ** 60,
    part: 0.5,
    yes: true,
    lone: '\ufffd',
    list: ['a', '\ufffd'],
    control: '\u0000\n',
  });
  expect([half, String(long).length]).toEqual([`a${'😀'.repeat(127)}`, 256]);
});

const READ: readonly { what: string; traces?: object; variables?: Record<string, string>; expected: object | undefined }[] = [
  { what: 'nothing', expected: undefined },
  { what: 'an address', traces: { url: 'http://c:4318' }, expected: { url: 'http://c:4318/v1/traces', headers: {}, ratio: 1 } },
  { what: 'a path', traces: { url: 'http://c/a/b?x=1', ratio: 0.5 }, expected: { url: 'http://c/a/b?x=1', headers: {}, ratio: 0.5 } },
  {
    what: 'a name and a password',
    traces: { url: 'https://me:p%40ss@c/v1/traces' },
    expected: { url: 'https://c/v1/traces', headers: { authorization: 'Basic bWU6cEBzcw==' }, ratio: 1 },
  },
  {
    what: 'a name and a password, and the header for them',
    traces: { url: 'https://me:p%40ss@c/v1/traces', headers: { Authorization: 'Bearer x' } },
    expected: { url: 'https://c/v1/traces', headers: { authorization: 'Bearer x' }, ratio: 1 },
  },
  {
    what: 'the general variables',
    variables: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/', OTEL_EXPORTER_OTLP_HEADERS: 'a=b%20c, x-key = 1=2,broken' },
    expected: { url: 'http://c:4318/v1/traces', headers: { a: 'b c', 'x-key': '1=2', broken: 'broken' }, ratio: 1 },
  },
  {
    what: 'those of traces first',
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://d/x',
      OTEL_EXPORTER_OTLP_HEADERS: 'a=1',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=%zz',
    },
    expected: { url: 'http://d/x', headers: { a: '%zz' }, ratio: 1 },
  },
  { what: 'gRPC', variables: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, expected: undefined },
  { what: 'switched off', variables: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'true' }, expected: undefined },
  { what: 'not an address', variables: { OTEL_EXPORTER_OTLP_ENDPOINT: 'c:4318' }, expected: undefined },
  {
    what: 'the configuration before the variables',
    traces: { url: 'http://mine' },
    variables: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_HEADERS: 'a=b' },
    expected: { url: 'http://mine/v1/traces', headers: {}, ratio: 1 },
  },
];

test.each(READ)('where traces go: $what', ({ traces = {}, variables = {}, expected }) => {
  const { telemetry } = configSchema.parse({ telemetry: { traces } });
  expect(readTraceSettings(telemetry.traces, (name) => variables[name])).toEqual(expected);
});
