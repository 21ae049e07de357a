import { expect, test } from 'vitest';
import { CommandRegistry } from '../../../../../daemon/worker/turns/commands/commands.js';
import { createGuide, guideText } from '../../../../../daemon/worker/turns/model/guide.js';

const echo = { name: 'echo', summary: 'says it again', run: async ({ args }: { args: string }) => args };
const registry = new CommandRegistry([echo]);

test.each([
  { text: '/echo', args: '' },
  { text: '  /ECHO  a  b \n c ', args: 'a  b \n c' },
  { text: '/echo@some_bot x', args: 'x' },
  { text: '/echo\nx', args: 'x' },
])('$text is a command', ({ text, args }) => {
  expect(registry.match(text)?.call).toEqual({ name: 'echo', args });
});

test.each(['echo', '/', '/unknown', '/etc/hosts', '/echo/x', 'say /echo', '//echo', '/echo@', '/constructor', '/__proto__', ''])(
  '"%s" is none, so it is for the model',
  (text) => {
    expect(registry.match(text)).toBeUndefined();
  },
);

test('the help lists every command with what it does', async () => {
  const { command, call } = registry.match('/help')!;
  const context = {
    ...call,
    sessionId: 1,
    sessionKey: 'k',
    agentId: 'main',
    model: 'xopc/guide',
    callKey: 'command:msg_1',
    hasStopped: false,
  };
  expect(await command.run(context)).toBe('/help – lists the commands\n/echo – says it again');
});

const paths = { modelsPath: '/home/a/.xopc/models.json', configPath: '/home/a/.xopc/config.json' };

test('the guide streams exactly its text, stops when it is told to, and says where to add a model', async () => {
  const { provider, model } = createGuide(paths);
  const request = { modelId: 'guide', messages: [{ role: 'user' as const, content: 'x' }] };
  const deltas: string[] = [];
  for await (const event of provider.stream(request, new AbortController().signal)) if (event.type === 'delta') deltas.push(event.text);
  expect(deltas.join('')).toBe(guideText(paths));
  expect(deltas.length).toBeGreaterThan(50);
  expect(guideText(paths)).toContain('/home/a/.xopc/models.json');
  expect(model.name).toContain('no language model');
  const events = [];
  for await (const event of provider.stream(request, AbortSignal.abort())) events.push(event);
  expect(events).toEqual([{ type: 'aborted' }]);
});

test('the example that the guide gives is a valid models.json', async () => {
  const { modelsSchema } = await import('../../../../../shared/config/models-schema.js');
  const example = /^\{$[\s\S]*?^\}$/m.exec(guideText(paths))?.[0] ?? '';
  expect(modelsSchema.parse(JSON.parse(example)).providers['local']?.models[0]?.id).toBe('qwen3');
});
