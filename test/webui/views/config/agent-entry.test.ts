import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

interface Named {
  readonly id: string;
  readonly name: string;
}
// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../../webui/src/views/config/agent-entry.js';
const { writeAgentEntry } = (await import(source)) as {
  writeAgentEntry(whose: { agent: Named; all: readonly Named[] }, edit: { path: readonly string[]; value: unknown }): Promise<string>;
};

const main = { id: 'main', name: 'Main' };
const helper = { id: 'helper', name: 'Helper' };

/** Answers as a gateway with this file. @returns the texts that were written */
function serve(text: string): string[] {
  const written: string[] = [];
  vi.stubGlobal('fetch', (_url: URL, { method, body }: { method: string; body: string }) => {
    if (method === 'POST') written.push((JSON.parse(body) as { text: string }).text);
    return Promise.resolve(Response.json({ text, revision: 'r1', written: true, problems: [] }));
  });
  return written;
}

const choose = (agent: Named): Promise<string> => writeAgentEntry({ agent, all: [main, helper] }, { path: ['model'], value: 'a/b' });

test('the model of an agent is written into its entry; without agents in the file, all are written first', async () => {
  const file = '{ "agents": { "list": [{ "id": "helper", "prompt": "Help." }] } } // mine';
  const written = serve(file);
  await choose(helper);
  expect(JSON.parse(written[0]?.replace('// mine', '') ?? '')).toEqual({
    agents: { list: [{ id: 'helper', prompt: 'Help.', model: 'a/b' }] },
  });
  expect(written[0]).toContain('// mine');
  for (const empty of ['{}', '{ "agents": { "list": [] } }']) {
    const texts = serve(empty);
    await choose(helper);
    expect(JSON.parse(texts[0] ?? '')).toEqual({ agents: { list: [main, { ...helper, model: 'a/b' }] } });
  }
});

test('an agent that the list in the file does not have is not written, and the others stay', async () => {
  const written = serve('{ "agents": { "list": [{ "id": "${AGENT}", "prompt": "Help." }] } }');
  await expect(choose(main)).rejects.toThrow('the agents in the configuration file do not include “main”');
  expect(written).toEqual([]);
});
