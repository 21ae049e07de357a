import { expect, test } from 'vitest';
import { eventually } from '../../../../helpers/eventually.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { mcpServers, misbehaving } from '../../../../helpers/mcp-servers.js';

const AGENT = { id: 'main', enabled: true } as const;
const GOES_ON = new AbortController().signal;

test('a turn does not wait for a server that hangs, nor for any once it is stopped', async () => {
  const clock = new FakeClock();
  const { servers, log, state } = mcpServers(
    { slow: misbehaving('silent'), mute: misbehaving('listless'), odd: misbehaving('odd') },
    clock,
  );
  await servers.tools('odd');
  expect(await servers.toolsFor(AGENT, AbortSignal.abort())).toHaveLength(3);
  const tools = servers.toolsFor(AGENT, GOES_ON);
  await eventually(() => expect(state('mute').state).toBe('running'));
  clock.advance(5_000);
  expect((await tools).map(({ definition }) => definition.name)).toContain('odd__fine');
  expect(await servers.toolsFor(AGENT, GOES_ON)).toHaveLength(3);
  expect(servers.whyMissing(AGENT, 'slow__echo')).toBe("the MCP server 'slow' is not ready: it is still being started");
  expect(log.entries).toContainEqual(expect.objectContaining({ message: 'a turn continues without the tools of the server' }));
});

test('a turn with a call of a server waits for its start, and for no longer than that', async () => {
  const clock = new FakeClock();
  const { servers, state } = mcpServers({ slow: misbehaving('slow'), silent: misbehaving('silent'), dies: misbehaving('dies') }, clock);
  const tools = servers.toolsFor({ ...AGENT, mcpServers: ['slow'] }, GOES_ON, ['slow__echo', 'time']);
  await eventually(() => expect(state('slow').state).toBe('starting'));
  clock.advance(59_000);
  expect((await tools).map(({ definition }) => definition.name)).toContain('slow__echo');
  expect(servers.whyMissing(AGENT, 'slow__nothing')).toBeUndefined();
  const others = servers.toolsFor({ ...AGENT, mcpServers: ['silent'] }, GOES_ON, ['silent__echo']);
  await eventually(() => expect(state('silent').state).toBe('starting'));
  clock.advance(60_000);
  expect(await others).toEqual([]);
  expect(servers.whyMissing(AGENT, 'silent__echo')).toContain("the MCP server 'silent' is not ready: ");
  expect(servers.whyMissing({ ...AGENT, mcpServers: ['slow'] }, 'silent__echo')).toBeUndefined();
});

test('a call that was allowed is worth another start of a server that failed', async () => {
  const clock = new FakeClock();
  const { servers, state, log } = mcpServers({ dies: misbehaving('dies') }, clock);
  const starts = () => log.entries.filter(({ message }) => message === 'the server failed').length;
  expect(await servers.toolsFor(AGENT, GOES_ON)).toEqual([]);
  expect([state('dies').state, starts()]).toEqual(['backoff', 1]);
  expect(await servers.toolsFor(AGENT, GOES_ON, ['dies__echo'])).toEqual([]);
  expect(starts()).toBe(2);
  expect(servers.whyMissing(AGENT, 'dies__echo')).toContain("the MCP server 'dies' is not ready: it ended with exit code 3");
});
