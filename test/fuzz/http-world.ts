/** A worker with everything real but its process, and what holds for each request to it. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { ConfigDocuments } from '../../daemon/worker/config/config-documents.js';
import { WorkerConfig } from '../../daemon/worker/config/worker-config.js';
import * as late from '../../daemon/worker/lazy/late.js';
import { lateLogs } from '../../daemon/worker/observe/late-logs.js';
import { resolvePaths } from '../../shared/node/process/paths.js';
import { createRedactor } from '../../shared/node/secrets/redact.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { fakeStatus } from '../helpers/fake-status.js';
import { startHttpApp, TOKEN } from '../helpers/http-app.js';
import type { Answer } from '../helpers/http-request.js';
import { fakeModels, makeConversation } from '../helpers/make-conversation.js';
import { checkAgainstOpenApi } from '../helpers/openapi-check.js';
import { type ApiOperation, type Asked, fillPlaces, INBOUND_TOKEN, listOperations, type Places } from './http-requests.js';

export interface HttpWorld {
  readonly operations: readonly ApiOperation[];
  /** Returns the request with the ids of what exists in its places. */
  fill(asked: Asked): Promise<Asked>;
  send(asked: Asked): Promise<Answer>;
  /** What a refused request must leave as it is. */
  snapshot(): Promise<Snapshot>;
  /** Problems of the files on disk; a worker would start with them. */
  fileProblems(): readonly unknown[];
  /** Errors in the log that no caller was told. */
  readonly failures: () => readonly unknown[];
}

export interface Snapshot {
  /** What only a request changes. */
  readonly fixed: unknown;
  /** What the turns of requests before it may still add to: ids of messages, keys of sessions. */
  readonly growing: readonly string[];
}

const ANSWER_LIMIT_MS = 15_000;
const CONFIG = {
  channels: {
    webhook: {
      accounts: {
        default: { url: 'http://127.0.0.1:9/hook', inboundToken: INBOUND_TOKEN },
        service: { template: '{{ $ }}', chatTemplate: '{{ $.chat_id }}', idTemplate: '{{ $.id }}', inboundToken: INBOUND_TOKEN },
      },
    },
  },
};

/** Reads an answer to its end, or the start of a stream that has none. @throws after {@link ANSWER_LIMIT_MS} */
async function sendTo(port: number, { method, path, headers, body }: Asked): Promise<Answer> {
  const length: Record<string, string> = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const options = { host: '127.0.0.1', port, method, path, headers: { ...length, ...headers }, agent: false as const };
  const outgoing = request({ ...options, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const isEndless = method === 'GET' && String(response.headers['content-type']).startsWith('text/event-stream');
  let text = '';
  if (isEndless) response.destroy();
  else for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: parse(text) };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Keeps the ids of what an answer has made. */
function noteIds(json: Answer['json'], newest: { attachment: string; response: string; conversation: string; item: string }): void {
  const {
    attachment,
    object,
    id,
    last_id: item,
  } = (json ?? {}) as { attachment?: { id: string }; object?: string; id?: string; last_id?: string };
  newest.attachment = attachment?.id ?? newest.attachment;
  newest.item = item ?? newest.item;
  if (id !== undefined && (object === 'response' || object === 'conversation')) newest[object] = id;
}

export async function makeHttpWorld(): Promise<HttpWorld> {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const models = fakeModels(model.baseUrl);
  const conversation = await makeConversation({ config: CONFIG, models });
  const { home } = conversation;
  const paths = resolvePaths({ home, runtimeDir: home });
  for (const directory of [dirname(paths.logPath), paths.lockDir]) mkdirSync(directory, { recursive: true });
  writeFileSync(paths.configPath, JSON.stringify(CONFIG));
  writeFileSync(paths.modelsPath, JSON.stringify(models));
  for (let line = 0; line < 50; line += 1)
    appendFileSync(paths.logPath, `{"level":"info","time":"2026-03-01T00:00:00.000Z","msg":"n ${line}"}\n`);
  const files = { config: paths.configPath, models: paths.modelsPath };
  const inForce = new WorkerConfig({ ...files, token: paths.tokenPath, tokenOverride: TOKEN });
  const config = new ConfigDocuments({
    paths,
    status: { read: () => Promise.resolve(fakeStatus) },
    inForce: () => ({ config: inForce.current.config, revision: inForce.current.hash, isTokenOverridden: true }),
  });
  const logs = lateLogs(() => late, { logPath: paths.logPath, redactor: createRedactor([]) });
  const app = await startHttpApp({ services: { ...conversation, config, logs } });
  const newest = { attachment: 'att_none', response: 'resp_none', conversation: 'conv_none', item: 'msg_none' };
  const findPlaces = async (isModels: boolean): Promise<Places> => {
    const key = (await conversation.sessions.list({ limit: 1 })).sessions[0]?.key ?? (await conversation.sessions.create({})).session.key;
    const [job] = await conversation.cron.list();
    const { id: jobId } = job ?? (await conversation.cron.create({ schedule: '0 9 * * *', message: 'hello', mode: 'agent' }));
    return {
      'SESSION-KEY': key,
      'JOB-ID': jobId,
      'MESSAGE-ID': (await conversation.outgoing.list({ limit: 1 })).messages[0]?.id ?? 'msg_none',
      'CHAT-MESSAGE-ID': (await conversation.sessions.get(key)).messages.at(-1)?.id ?? 'none',
      'ATTACHMENT-ID': newest.attachment,
      'RESPONSE-ID': newest.response,
      'CONVERSATION-ID': newest.conversation,
      'ITEM-ID': newest.item,
      'VERSION-ID': (await config.versions())[0]?.id ?? '1700000000000-0123456789abcdef',
      REVISION: (isModels ? await config.readModels() : await config.readText()).revision,
    };
  };
  const send = async (asked: Asked): Promise<Answer> => {
    const answer = await sendTo(app.port, asked);
    checkAgainstOpenApi(asked, answer);
    noteIds(answer.json, newest);
    return answer;
  };
  return {
    operations: listOperations(),
    fill: async (asked) => fillPlaces(asked, await findPlaces(asked.path.includes('models-json'))),
    send,
    snapshot: async () => ({
      fixed: {
        config: readFileSync(paths.configPath, 'utf8'),
        models: readFileSync(paths.modelsPath, 'utf8'),
        jobs: (await conversation.cron.list()).map(({ lastRun: _run, nextRunAt: _next, failures: _count, ...job }) => job),
      },
      growing: [
        ...(await conversation.sessions.list({ limit: 200 })).sessions.map(({ key }) => key),
        ...(await conversation.outgoing.list({ limit: 200 })).messages.map(({ id }) => id),
      ],
    }),
    fileProblems: () => inForce.reload(files),
    failures: () => app.lines.filter(({ level }) => level === 'error' || level === 'fatal'),
  };
}

/** Words of libraries, of the runtime and of JavaScript, which no caller should read. */
const FOREIGN_WORDS =
  /\b(zod|SQLITE\w*|libsql|kysely|koa|\w*(?:Type|Syntax|Range|Reference)Error|E(?:NOENT|ISDIR|NOTDIR|NAMETOOLONG|INVAL)|Cannot read prop|is not a function|Unexpected token|nonoptional|Invalid input|node_modules)\b|\[object \w|at \w+ \(/i;

/** Sends a request and checks what holds for every one. */
export async function checkRequest(world: HttpWorld, template: Asked): Promise<Answer> {
  const asked = await world.fill(template);
  const before = asked.method === 'GET' ? undefined : await world.snapshot();
  const answer = await world.send(asked);
  const about = `${answer.status} ${answer.text.slice(0, 400)}`;
  expect(answer.status, about).not.toBe(500);
  expect(world.failures(), about).toEqual([]);
  if (answer.status < 400) {
    if (/config|models-json/.test(asked.path)) expect(world.fileProblems(), about).toEqual([]);
    return answer;
  }
  const { error } = answer.json as { error: { message: string } };
  expect(error.message, about).not.toMatch(FOREIGN_WORDS);
  expect(error.message, about).not.toBe('');
  if (before === undefined || answer.status >= 500) return answer;
  const after = await world.snapshot();
  expect(after.fixed, about).toEqual(before.fixed);
  // Only the newest 200 are listed.
  if (after.growing.length < 200) expect(after.growing, about).toEqual(expect.arrayContaining([...before.growing]));
  return answer;
}
