/** OpenAI's package for Python, as Debian publishes it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { calling, saying } from '../../fakes/openai/replay.js';
import { installDebianPackages } from '../../helpers/debian-packages.js';
import { TOKEN } from '../../helpers/http-app.js';
import { startOpenAiGateway } from '../../helpers/openai-gateway.js';
import { runProcess } from '../../helpers/real-gateway.js';

const [PACKAGE = '', VERSION = ''] = 'python3-openai@1.69.0'.split('@');
const isMissing = installDebianPackages([PACKAGE]);

const PROGRAM = `
import json, time, openai
client = openai.OpenAI(max_retries=0)
schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}

question = {"role": "user", "content": "Weather in Bern?"}
tools = [{"type": "function", "function": {"name": "weather", "parameters": schema}}]
asked = client.chat.completions.create(model="main", messages=[question], tools=tools).choices[0].message
result = {"role": "tool", "tool_call_id": asked.tool_calls[0].id, "content": "sun in Bern"}
told = client.chat.completions.create(model="main", messages=[question, asked, result], tools=tools)
streamed = "".join(piece.choices[0].delta.content or "" for piece in client.chat.completions.create(
    model="main", messages=[question], stream=True) if piece.choices)

first = client.responses.create(model="main", input="Weather in Bern?", tools=[{"type": "function", "name": "weather", "parameters": schema, "strict": True}])
call = first.output[0]
second = client.responses.create(model="main", previous_response_id=first.id,
    input=[{"type": "function_call_output", "call_id": call.call_id, "output": "sun in Bern"}])
events = [event for event in client.responses.create(model="main", input="And tomorrow?", stream=True)]
text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
later = client.responses.create(model="main", input="Take your time.", extra_body={"background": True})
while later.status in ("queued", "in_progress"):
    time.sleep(0.05)
    later = client.responses.retrieve(later.id)
client.responses.delete(first.id)

refused = []
for call_it in (lambda: client.responses.retrieve(first.id), lambda: client.responses.create(model="main", input=7)):
    try:
        call_it()
    except openai.APIStatusError as error:
        refused.append([type(error).__name__, error.status_code])
print(json.dumps([openai.__version__, asked.tool_calls[0].function.arguments, told.choices[0].message.content, told.usage.total_tokens > 0,
    streamed, json.loads(call.arguments), second.output_text, text, events[-1].type, later.output_text, refused]))
`;

test.skipIf(isMissing !== undefined)('chats with tools and streams, and uses responses in every way', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'xopc-python-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const { baseURL, upstream } = await startOpenAiGateway({ agents: { list: [{ id: 'main', model: 'up/one' }] } });
  const weather = calling({ id: 'c1', name: 'weather', arguments: '{"city":"Bern"}' });
  upstream.play(weather, saying('Sunny.'), saying('Rain', 'y.'), weather, saying('Sun.'), saying('More ', 'rain.'), saying('Done.'));
  const program = join(directory, 'program.py');
  writeFileSync(program, PROGRAM);
  const env = { HOME: directory, OPENAI_BASE_URL: baseURL, OPENAI_API_KEY: TOKEN };
  const { stdout, stderr } = await runProcess(['/usr/bin/python3'], [program], { cwd: directory, env }).done;
  const city = { city: 'Bern' };
  expect(JSON.parse(stdout.trim().split('\n').at(-1) || 'null'), stderr).toEqual([
    VERSION,
    JSON.stringify(city),
    'Sunny.',
    true,
    'Rainy.',
    city,
    'Sun.',
    'More rain.',
    'response.completed',
    'Done.',
    [
      ['NotFoundError', 404],
      ['BadRequestError', 400],
    ],
  ]);
});
