/** An editor in front of `xopc acp`, in front of a real gateway. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { client, type ClientContext, ndJsonStream, type SessionUpdate } from '@agentclientprotocol/sdk';
import { expect, onTestFinished, test } from 'vitest';
import type { SessionPage } from '../../shared/api/sessions.js';
import { callsTools, says } from '../fakes/openai/reply.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { cleanEnvironment, launcher, RealGateway, until } from '../helpers/real-gateway.js';
import { tempDir } from '../helpers/temp-dir.js';

const PARTS = Array.from({ length: 20 }, (_value, index) => `word${index} `);
const TEXT = PARTS.join('');

class Editor {
  readonly process;
  readonly agent: ClientContext;
  readonly updates: { readonly sessionId: string; readonly update: SessionUpdate }[] = [];
  readonly errors: string[] = [];
  /** Tools that it was asked about; it allows them. */
  readonly asked: unknown[] = [];
  readonly directory = tempDir();

  constructor(gateway: RealGateway) {
    const [command, ...first] = launcher;
    this.process = spawn(command, [...first, 'acp'], { env: cleanEnvironment(gateway.env), stdio: ['pipe', 'pipe', 'pipe'] });
    onTestFinished(() => void this.process.kill('SIGKILL'));
    this.process.stderr.on('data', (text: Buffer) => this.errors.push(text.toString()));
    const app = client({ name: 'editor' })
      .onRequest('session/request_permission', ({ params }) => {
        this.asked.push(params.toolCall.title);
        return { outcome: { outcome: 'selected', optionId: 'allow' } };
      })
      .onNotification('session/update', ({ params }) => void this.updates.push(params));
    const input = Readable.toWeb(this.process.stdout) as ReadableStream<Uint8Array>;
    this.agent = app.connect(ndJsonStream(Writable.toWeb(this.process.stdin), input)).agent;
  }

  async newSession(): Promise<string> {
    return (await this.agent.request('session/new', { cwd: this.directory, mcpServers: [] })).sessionId;
  }

  ask(sessionId: string, text: string) {
    return this.agent.request('session/prompt', { sessionId, prompt: [{ type: 'text', text }] });
  }

  /** What is shown of a session. */
  said(sessionId: string, kind: SessionUpdate['sessionUpdate'] = 'agent_message_chunk'): string {
    const chunks = this.updates.filter((one) => one.sessionId === sessionId && one.update.sessionUpdate === kind);
    return chunks.map(({ update }) => ('content' in update ? (update.content as { text: string }).text : '')).join('');
  }
}

test('an editor starts before the gateway, asks in two sessions, loses the worker, cancels, decides about a tool, and closes', async () => {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const gateway = await RealGateway.create();
  gateway.put('models.json', fakeModels(model.baseUrl));
  gateway.put('config.json', { agents: { defaults: { model: 'fake/one', permissions: { time: 'ask' } } } });
  const editor = new Editor(gateway);
  const { agent } = editor;
  const greeting = await agent.request('initialize', { protocolVersion: 1, clientCapabilities: {} });
  expect(greeting).toMatchObject({ protocolVersion: 1, agentInfo: { name: 'xopc' }, agentCapabilities: { loadSession: true } });
  await expect(editor.newSession()).rejects.toThrow(/not running.*xopc gateway/);
  await gateway.run();

  const [first, second] = [await editor.newSession(), await editor.newSession()];
  model.reply({ type: 'text', parts: PARTS, gate: { before: 10, until: new Promise(() => undefined) } });
  const answered = editor.ask(first, 'Count');
  await until('half of the answer', () => editor.said(first).includes('word9'));
  model.replyAlways({ type: 'text', parts: PARTS });
  const pid = gateway.workerPid();
  process.kill(pid, 'SIGKILL');
  expect(await Promise.all([answered, editor.ask(second, 'Count too')])).toEqual([{ stopReason: 'end_turn' }, { stopReason: 'end_turn' }]);
  expect([editor.said(first), editor.said(second)]).toEqual([TEXT, TEXT]);

  model.reply({ type: 'text', parts: PARTS, gate: { before: 3, until: new Promise(() => undefined) } });
  const cancelled = editor.ask(second, 'And again');
  await until('the beginning of the answer', () => editor.said(second).length > TEXT.length);
  await agent.notify('session/cancel', { sessionId: second });
  expect(await cancelled).toEqual({ stopReason: 'cancelled' });

  model.replyAlways({ type: 'text', parts: PARTS, gate: { before: 3, until: new Promise(() => undefined) } });
  const shown = editor.said(second).length;
  const lost = editor.ask(second, 'Once more');
  await until('the beginning of the next answer', () => editor.said(second).length > shown);
  process.kill(gateway.workerPid(), 'SIGKILL');
  await agent.notify('session/cancel', { sessionId: second });
  expect(await lost).toEqual({ stopReason: 'cancelled' });
  const { sessions: listed } = (await (await fetch(`${gateway.url}/api/sessions`)).json()) as SessionPage;
  expect(listed.filter(({ answering }) => answering)).toEqual([]);

  const third = await editor.newSession();
  model.reply(callsTools({ name: 'time', input: {} }), says('It is ', 'noon.'));
  expect([await editor.ask(third, 'Time?'), editor.said(third), editor.asked]).toEqual([
    { stopReason: 'end_turn' },
    'It is noon.',
    ['time'],
  ]);
  // The call that the editor was asked about is the one that ran.
  const calls = editor.updates.filter(({ sessionId, update }) => sessionId === third && 'toolCallId' in update);
  const states = calls.map(({ update }) => ('toolCallId' in update && 'status' in update ? `${update.toolCallId} ${update.status}` : ''));
  expect(states).toEqual(['approval-1 in_progress', 'approval-1 completed']);

  writeFileSync(join(editor.directory, 'notes.txt'), 'Buy 12 eggs.');
  const uri = pathToFileURL(join(editor.directory, 'notes.txt')).href;
  model.reply(says('Eggs.'));
  await agent.request('session/prompt', { sessionId: third, prompt: [{ type: 'resource_link', name: 'notes.txt', uri }] });
  expect(JSON.stringify(model.requests.at(-1)?.body)).toContain('Buy 12 eggs.');

  model.reply({ ...says('You must'), finishReason: 'length' });
  expect(await editor.ask(third, 'How?')).toEqual({ stopReason: 'max_tokens' });

  await agent.request('session/load', { sessionId: first, cwd: '/', mcpServers: [] });
  expect([editor.said(first, 'user_message_chunk'), editor.said(first)]).toEqual(['Count', TEXT + TEXT]);
  const { sessions } = await agent.request('session/list', {});
  expect(sessions.map(({ sessionId }) => sessionId)).toEqual(expect.arrayContaining([first, second]));
  await expect(editor.ask('main:webchat:default:direct:nobody', 'Hello')).rejects.toThrow(/nobody/);
  const other = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"channel": "team", "chat_id": "x"}' };
  const { session } = (await (await fetch(`${gateway.url}/api/sessions`, other)).json()) as { session: { key: string } };
  const refused = agent.request('session/load', { sessionId: session.key, cwd: '/', mcpServers: [] });
  await expect(refused).rejects.toThrow(/belongs to the channel 'team'.*xopc sessions --search from:webchat/);

  editor.process.stdin.end();
  expect(await once(editor.process, 'exit')).toEqual([0, null]);
  expect(editor.errors.join('')).toBe('');
});
