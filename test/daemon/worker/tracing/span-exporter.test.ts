import { expect, test } from 'vitest';
import { DELAY_MS, MAX_QUEUE } from '../../../../daemon/worker/tracing/span-exporter.js';
import { createTracer } from '../../../../daemon/worker/tracing/tracer.js';
import { type Reaction, startCollector } from '../../../fakes/collector/collector.js';
import { eventually } from '../../../helpers/eventually.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';

async function startTracer(key = 'secret') {
  const collector = await startCollector();
  const [clock, logger, counts] = [new FakeClock(), logMemory(), { exported: 0, dropped: 0 }];
  const settings = { url: `${collector.url}/v1/traces`, headers: { 'X-Key': key }, ratio: 1 };
  const tracer = createTracer({ settings, service: { version: '1.2.3', instanceId: 'wk_a' }, counts, clock, logger });
  const add = (count: number): void => {
    for (let index = 0; index < count; index += 1) tracer.begin({ name: `span ${index}` }).end();
  };
  return { collector, clock, logger, counts, tracer, add };
}

test('spans are sent together after a while, full batches at once, one request at a time, and what is left at the end', async () => {
  const { collector, clock, counts, tracer, add, logger } = await startTracer();
  add(3);
  expect(collector.requests).toEqual([]);
  clock.advance(DELAY_MS);
  await eventually(() => expect(counts.exported).toBe(3));
  expect(collector.requests).toMatchObject([{ 'x-key': 'secret', 'content-type': 'application/json' }]);
  add(1_200);
  await collector.received(2);
  await tracer.close(1_000);
  expect(collector.requests).toHaveLength(4);
  expect(collector.spans).toHaveLength(1_203);
  expect([collector.problems, counts, logger.entries]).toEqual([[], { exported: 1_203, dropped: 0 }, []]);
  add(1);
  expect(counts.dropped).toBe(1);
});

const OUTAGES: readonly { what: string; reaction: Reaction; problem: RegExp; isKept: boolean }[] = [
  { what: 'hangs', reaction: 'hang', problem: /did not answer in time/, isKept: true },
  { what: 'cuts the connection', reaction: 'reset', problem: /./, isKept: true },
  { what: 'answers 503', reaction: { status: 503, headers: { 'retry-after': '1' } }, problem: /^HTTP 503$/, isKept: true },
  { what: 'answers 500', reaction: { status: 500, body: 'x'.repeat(5_000) }, problem: /^HTTP 500 x{199}…$/, isKept: false },
  {
    what: 'sends elsewhere',
    reaction: { status: 302, headers: { location: 'http://127.0.0.1:9/' } },
    problem: /^HTTP 302$/,
    isKept: false,
  },
];

test.each(OUTAGES)('a collector that $what is tried again later, with one warning', async (outage) => {
  const { collector, clock, counts, logger, add } = await startTracer();
  collector.reaction = outage.reaction;
  add(10);
  clock.advance(DELAY_MS);
  await collector.received(1);
  // Ends the wait for an answer that never comes.
  if (outage.reaction === 'hang') clock.advance(10_000);
  await eventually(() => expect(logger.entries).toHaveLength(1));
  expect(logger.entries[0]).toMatchObject({ level: 'warn', fields: { problem: expect.stringMatching(outage.problem) as string } });
  collector.reaction = 'take';
  add(5);
  clock.advance(DELAY_MS);
  await eventually(() => expect(logger.entries).toHaveLength(2));
  expect(counts).toEqual(outage.isKept ? { exported: 15, dropped: 0 } : { exported: 5, dropped: 10 });
  expect(logger.entries.map(({ level }) => level)).toEqual(['warn', 'info']);
  expect(collector.problems).toEqual([]);
});

test('an outage costs a bounded queue, and what does not fit is counted', async () => {
  const { collector, clock, counts, logger, add } = await startTracer();
  collector.reaction = 'reset';
  add(1);
  clock.advance(DELAY_MS);
  await eventually(() => expect(logger.entries).toHaveLength(1));
  add(3 * MAX_QUEUE);
  expect(counts).toEqual({ exported: 0, dropped: 2 * MAX_QUEUE + 1 });
  collector.reaction = 'take';
  for (let exported = MAX_QUEUE / 4; exported <= MAX_QUEUE; exported += MAX_QUEUE / 4) {
    clock.advance(DELAY_MS);
    await eventually(() => expect(counts.exported).toBe(exported));
  }
  expect(logger.entries.map(({ level, fields }) => [level, fields['dropped']])).toEqual([
    ['warn', undefined],
    ['info', 2 * MAX_QUEUE + 1],
  ]);
});

test('a collector that answers with 100 MB has taken the spans, and its answer is not read', async () => {
  const { collector, clock, counts, logger, add } = await startTracer();
  collector.reaction = 'flood';
  add(1);
  clock.advance(DELAY_MS);
  await eventually(() => expect(counts.exported).toBe(1));
  expect(logger.entries).toEqual([]);
  // What the sockets of both sides hold.
  expect(collector.flooded()).toBeLessThan(50_000_000);
});

test('what a collector says it did not take counts as dropped', async () => {
  const { collector, counts, tracer, add } = await startTracer();
  collector.reaction = { status: 200, body: '{"partialSuccess":{"rejectedSpans":"4","errorMessage":"no"}}' };
  add(10);
  await tracer.close(1_000);
  expect(counts).toEqual({ exported: 6, dropped: 4 });
});

test('the end waits for a collector only as long as it is told, and for one that fails not at all', async () => {
  const { collector, clock, counts, tracer, add } = await startTracer();
  collector.reaction = 'hang';
  add(700);
  const closed = tracer.close(1_000);
  await collector.received(1);
  clock.advance(1_000);
  await closed;
  expect([counts, collector.requests.length]).toEqual([{ exported: 0, dropped: 700 }, 1]);
  const failing = await startTracer();
  failing.collector.reaction = 'reset';
  failing.add(10);
  failing.clock.advance(DELAY_MS);
  await eventually(() => expect(failing.logger.entries).toHaveLength(1));
  await failing.tracer.close(1_000);
  expect([failing.counts.dropped, failing.collector.requests.length]).toEqual([10, 1]);
});

test('a header that cannot be sent is not quoted', async () => {
  const { clock, logger, add } = await startTracer('se\ncret');
  add(1);
  clock.advance(DELAY_MS);
  await eventually(() => expect(logger.entries).toHaveLength(1));
  expect(logger.entries[0]?.fields).toMatchObject({ problem: 'a header has a value that cannot be sent' });
});
