import { expect, test } from 'vitest';
import { Activity } from '../../../../../daemon/worker/observe/activity.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { startHttpApp, type TestApp } from '../../../../helpers/http-app.js';

/** What Prometheus reads: series → value. @throws where a line is none of the format's */
function parse(text: string): { series: Map<string, number>; types: Map<string, string> } {
  const series = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, name = '', type = ''] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
    if (name !== '') types.set(name, type);
    else if (!line.startsWith('# HELP ')) {
      const [, key = '', value = ''] = /^([a-zA-Z_:][\w:]*(?:\{(?:\w+="(?:[^"\\]|\\.)*",?)*\})?) (\S+)$/.exec(line) ?? [];
      if (key === '' || series.has(key)) throw new Error(`not a line of its own: ${line}`);
      series.set(key, Number(value));
    }
  }
  return { series, types };
}

async function scrape({ send }: TestApp) {
  const answer = await send('/metrics');
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  return parse(answer.text);
}

test('requests are counted by route and status, and timed', async () => {
  const clock = new FakeClock();
  const app = await startHttpApp({ clock });
  app.services.reply = async (content) => (clock.advance(300), content);
  await app.send('/api/models');
  await app.send('/api/sessions/nope');
  await app.send('/api/sessions/other');
  await app.send('/api/message/sync', { method: 'POST', body: { channel: 'c', chat_id: '1', content: 'x' } });
  const { series, types } = await scrape(app);
  expect(series.get('xopc_http_requests_total{method="GET",route="/api/models",status="200"}')).toBe(1);
  expect(series.get('xopc_http_requests_total{method="GET",route="/api/sessions/:key",status="404"}')).toBe(2);
  const sync = 'method="POST",route="/api/message/sync"';
  const bucket = (le: string) => series.get(`xopc_http_request_duration_seconds_bucket{${sync},le="${le}"}`);
  expect([bucket('0.25'), bucket('0.5'), bucket('120'), bucket('+Inf')]).toEqual([0, 1, 1, 1]);
  expect(series.get(`xopc_http_request_duration_seconds_sum{${sync}}`)).toBe(0.3);
  expect(types.get('xopc_http_request_duration_seconds')).toBe('histogram');
});

test('no caller can make up a label', async () => {
  const app = await startHttpApp();
  for (let count = 0; count < 50; count += 1) {
    await app.send(`/made/up/${count}`);
    await app.send(`/api/sessions/made-up-${count}`);
    await app.send('/api/models', { method: 'PURGE' });
  }
  const { series } = await scrape(app);
  const counted = [...series.keys()].filter((key) => key.startsWith('xopc_http_requests_total'));
  expect(counted.length).toBeLessThanOrEqual(4);
  expect(counted.join()).not.toContain('made');
});

test('what the services count, how the gateway is, and what the process costs is there; every metric has help and a type', async () => {
  const app = await startHttpApp();
  const { text } = await app.send('/metrics');
  const { series, types } = parse(text);
  expect(series.get('xopc_fake_total{a="b"}')).toBe(3);
  expect(series.get('xopc_build_info{version="1.2.3",build="b1"}')).toBe(1);
  expect([series.get('xopc_ready'), series.get('xopc_worker_restarts_total{kind="crash"}')]).toEqual([1, 1]);
  expect(series.get('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
  expect([...series.keys()].some((key) => key.startsWith('nodejs_eventloop_lag'))).toBe(true);
  for (const name of types.keys()) expect(text).toMatch(new RegExp(`^# HELP ${name} \\S+`, 'm'));
  for (const [name, type] of types)
    if (name.startsWith('xopc_') || name.endsWith('_total')) expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
});

test('scrapes at once and one after another give whole answers', async () => {
  const app = await startHttpApp();
  const all = await Promise.all(Array.from({ length: 5 }, () => scrape(app)));
  for (const { series } of [...all, await scrape(app)]) expect(series.has('xopc_ready')).toBe(true);
});

test('a status that cannot be had leaves the rest as it is', async () => {
  const app = await startHttpApp({ services: { status: { read: () => Promise.reject(new Error('silent')) } } });
  const { series } = await scrape(app);
  expect([series.has('xopc_ready'), series.has('xopc_http_connections')]).toEqual([false, true]);
});

test('turns, tokens, deliveries and configurations are counted as they happen', async () => {
  const activity = new Activity({ instanceId: 'wk_a', build: { version: '1', buildId: 'b' }, clock: new FakeClock() });
  const turn = { type: 'turn', session: 's', agentId: 'a', model: 'm' } as const;
  activity.publish({ ...turn, state: 'started', usage: null });
  activity.publish({ ...turn, state: 'done', usage: { inputTokens: 10, outputTokens: 4, costUsd: 0.5 } });
  activity.publish({ ...turn, state: 'error', usage: { inputTokens: 2, outputTokens: null, costUsd: null } });
  const message = { type: 'message', id: 'm', channel: 'c', accountId: 'a', chat_id: '1' } as const;
  for (const status of ['queued', 'retry_wait', 'delivered'] as const) activity.publish({ ...message, status });
  activity.publish({ type: 'config', outcome: 'rejected', revision: 'r' });
  const call = { ref: 'm', agentId: 'a', endedAtMs: 0 };
  activity.noteCall({ ...call, durationMs: 40_000, firstTokenMs: 300, error: null });
  activity.noteCall({ ...call, durationMs: 900_000, firstTokenMs: null, error: 'no' });
  activity.noteChannels({ telegram: { state: 'running' } });
  const app = await startHttpApp({ services: { counters: activity.counters(() => Promise.resolve([])) } });
  const { series } = await scrape(app);
  expect(Object.fromEntries([...series].filter(([key]) => /^xopc_(agent|outbox|config)/.test(key)))).toEqual({
    'xopc_agent_turns_total{state="done",agent="a"}': 1,
    'xopc_agent_turns_total{state="error",agent="a"}': 1,
    'xopc_agent_tokens_total{direction="input",agent="a",model="m"}': 12,
    'xopc_agent_tokens_total{direction="output",agent="a",model="m"}': 4,
    'xopc_agent_cost_usd_total{agent="a",model="m"}': 0.5,
    'xopc_outbox_attempts_total{outcome="retry_wait",channel="c"}': 1,
    'xopc_outbox_attempts_total{outcome="delivered",channel="c"}': 1,
    'xopc_config_changes_total{outcome="rejected"}': 1,
  });
  const labels = 'agent="a",model="m"';
  const bucket = (name: string, of: string, le: string) => series.get(`xopc_model_${name}_seconds_bucket{${of},le="${le}"}`);
  const [done, failed] = [`state="done",${labels}`, `state="error",${labels}`];
  expect(['30', '60', '+Inf'].map((le) => bucket('call', done, le))).toEqual([0, 1, 1]);
  expect(['600', '+Inf'].map((le) => bucket('call', failed, le))).toEqual([0, 1]);
  expect(series.get(`xopc_model_call_seconds_sum{${done}}`)).toBe(40);
  expect(['0.25', '0.5', '+Inf'].map((le) => bucket('first_token', labels, le))).toEqual([0, 1, 1]);
});

test('names of models beyond 200 are counted together, by state and direction', async () => {
  const activity = new Activity({ instanceId: 'wk_a', build: { version: '1', buildId: 'b' }, clock: new FakeClock() });
  const usage = { inputTokens: 3, outputTokens: 2, costUsd: null };
  const completion = { type: 'completion', state: 'error', usage } as const;
  const call = { agentId: '', endedAtMs: 0, durationMs: 1, firstTokenMs: null, error: null };
  for (let number = 0; number < 250; number += 1) {
    activity.publish({ ...completion, model: `up/${number}` });
    activity.noteCall({ ...call, ref: `up/${number}` });
  }
  const samples = await activity.counters(() => Promise.resolve([])).read();
  const values = samples.find(({ name }) => name === 'xopc_completions_total')?.values ?? [];
  expect(values).toHaveLength(201);
  expect(values.find(({ labels }) => labels['model'] === 'other')).toEqual({ labels: { state: 'error', model: 'other' }, value: 50 });
  const tokens = samples.find(({ name }) => name === 'xopc_agent_tokens_total')?.values ?? [];
  expect(tokens.filter(({ labels }) => labels['model'] === 'other').map(({ labels, value }) => [labels['direction'], value])).toEqual([
    ['input', 450],
    ['output', 300],
  ]);
  const calls = samples.find(({ name }) => name === 'xopc_model_call_seconds')?.values ?? [];
  const counts = calls.filter(({ metricName }) => metricName?.endsWith('_count'));
  expect([counts.length, counts.find(({ labels }) => labels['model'] === 'other')?.value]).toEqual([201, 50]);
});
