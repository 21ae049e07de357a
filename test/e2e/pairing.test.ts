/** Who may write to a bot is decided at the command line: from the first message of a stranger to the end, across a restart. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startFakeTelegram, TOKEN } from '../fakes/telegram/server.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

test('a stranger gets a code, is approved with it, answered, and revoked again', async () => {
  const fake = await startFakeTelegram();
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { mode: 0o700 });
  const personal = { botToken: TOKEN, apiRoot: fake.apiRoot, dmPolicy: 'pairing' };
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ channels: { telegram: { accounts: { personal } } } }), {
    mode: 0o600,
  });
  await gateway.run();
  const sent = (): string[] => fake.bot.sent.map(({ text }) => text);

  fake.say('/status');
  await until('the code', () => sent().length === 1);
  expect(sent()[0]).not.toContain('Agent: main');
  const code = /approve telegram (\w{8})/.exec(sent()[0] ?? '')?.[1] ?? '';
  const listed = await gateway.xopc('channels');
  expect(listed.stdout).toContain(code);
  expect(listed.stderr).toContain(`xopc channels approve telegram ${code}`);

  expect((await gateway.xopc('channels', 'approve', 'telegram', 'AAAAAAAA')).code).toBe(1);
  // What was asked for is known to the next worker too.
  expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  const approved = await gateway.xopc('channels', 'approve', 'telegram', code);
  expect(approved.code, approved.stderr).toBe(0);
  expect(approved.stdout).toContain('can now write to telegram');
  await until('word of it', () => sent().length === 2);
  fake.say('/status');
  await until('an answer', () => sent().some((text) => text.startsWith('Agent: main')));

  const { pairings } = JSON.parse((await gateway.xopc('channels', '--json')).stdout) as { pairings: { senderId: string; state: string }[] };
  expect(pairings).toEqual([expect.objectContaining({ state: 'approved' })]);
  expect((await gateway.xopc('channels', 'revoke', 'telegram', pairings[0]?.senderId ?? '')).code).toBe(0);
  const before = sent().length;
  fake.say('/status');
  await until('a refusal', () => sent().length > before);
  expect(sent().at(-1)).not.toContain('Agent: main');
});
