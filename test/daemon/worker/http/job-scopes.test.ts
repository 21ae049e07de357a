/** A job does for a token what the token may do itself: to send to a chat, or to ask an agent. */
import { beforeEach, expect, test } from 'vitest';
import type { Scope } from '../../../../shared/api/gateway/tokens.js';
import type { CronJobDocument } from '../../../../shared/api/cron.js';
import { startHttpApp, type TestApp, TOKEN } from '../../../helpers/http-app.js';
import { makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';

const times = { schedule: '0 0 1 1 *', message: 'hi' };
const chat = { channel: 'webchat', chat_id: 'desk' };
/** With what each needs beside `cron`. */
const JOBS = {
  direct: { job: { ...times, ...chat }, needs: ['send'] },
  silent: { job: { ...times, mode: 'agent' }, needs: ['chat'] },
  agent: { job: { ...times, ...chat, mode: 'agent' }, needs: ['chat', 'send'] },
  alerting: { job: { ...times, mode: 'agent', alertChannel: 'webchat', alertChatId: 'desk' }, needs: ['chat', 'send'] },
} as const satisfies Readonly<Record<string, { job: object; needs: readonly Scope[] }>>;

let conversation: TestConversation;
let app: TestApp;

type Headers = Record<string, string>;

async function token(...scopes: Scope[]): Promise<Headers> {
  const { secret } = await conversation.accessTokens.add({ name: `t${scopes.join('-')}`, scopes });
  return { Authorization: `Bearer ${secret}` };
}

type Act = readonly [method: string, path: string, body?: object];

const call = async (headers: Headers, ...[method, path, body]: Act) =>
  app.send(`/api/cron/${path}`, { method, headers, ...(body && { body }) });

const made = async (job: object): Promise<CronJobDocument> =>
  ((await call({}, 'POST', 'create', job)).json as { job: CronJobDocument }).job;

/** Everything that leads to runs, with its body. */
const acts = (id: string): readonly Act[] => [
  ['PATCH', id, { message: 'other' }],
  ['PATCH', id, { enabled: true }],
  ['POST', `${id}/toggle`, { enabled: true }],
  ['POST', 'trigger', { job_id: id }],
];

beforeEach(async () => {
  conversation = await makeConversation();
  app = await startHttpApp({ services: conversation });
});

test.each(Object.values(JOBS))('a job $job needs cron and $needs, to be made, changed, enabled and run', async ({ job, needs }) => {
  const { id } = await made(job);
  const poor: Scope[][] = [['cron'], ...needs.map((one): Scope[] => ['cron', ...needs.filter((other) => other !== one)])];
  for (const scopes of poor.slice(needs.length === 1 ? 1 : 0)) {
    const headers = await token(...scopes);
    for (const act of [['POST', 'create', job] as const, ...acts(id)]) {
      const { status, json } = await call(headers, ...act);
      const [, path] = act;
      expect([scopes, path, status, JSON.stringify(json).includes(' and this needs ')]).toEqual([scopes, path, 403, true]);
    }
  }
  expect((await conversation.cron.list({})).map(({ message }) => message)).toEqual(['hi']);
  for (const headers of [await token('cron', ...needs), await token('admin'), { Authorization: `Bearer ${TOKEN}` }, {}])
    for (const act of [['POST', 'create', job] as const, ...acts(id)])
      expect([act, (await call(headers, ...act)).status]).toEqual([act, 200]);
});

test('with cron alone, jobs are read, disabled and deleted, and not restored', async () => {
  const headers = await token('cron');
  const { id } = await made(JOBS.direct.job);
  for (const [method, path, body, status] of [
    ['GET', `${id}/runs`, undefined, 200],
    ['POST', `${id}/toggle`, { enabled: false }, 200],
    ['PATCH', id, { enabled: false }, 200],
    ['POST', `${id}/toggle`, {}, 403],
    ['PATCH', id, { enabled: false, message: 'x' }, 403],
    ['DELETE', id, undefined, 200],
    ['POST', `${id}/restore`, undefined, 403],
  ] as const)
    expect([path, (await call(headers, method, path, body)).status]).toEqual([path, status]);
  expect((await call({}, 'POST', `${id}/restore`)).json).toMatchObject({ job: { enabled: false, message: 'hi' } });
});

test('the tool of /mcp asks for the same', async () => {
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'create_job', arguments: JOBS.direct.job } };
  const ask = async (...scopes: Scope[]) => {
    const headers = { ...(await token(...scopes)), Accept: 'application/json, text/event-stream' };
    return (await app.send('/mcp', { method: 'POST', headers, body })).text;
  };
  expect(await ask('cron')).toContain('this needs send or admin');
  expect(await ask('cron', 'send')).not.toContain('FORBIDDEN');
  expect(await conversation.cron.list({})).toHaveLength(1);
});
