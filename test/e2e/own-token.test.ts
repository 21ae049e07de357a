/** On their own machine owners type no token, wherever the gateway has its own from. Through the real binary. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RealGateway, until } from '../helpers/real-gateway.js';

function configure(gateway: RealGateway, config: string): void {
  mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
  writeFileSync(join(gateway.xopcHome, 'config.json'), config);
}

const TOKEN = 'the-token-of-every-node';
const AUTH = '{ "gateway": { "auth": { "enabled": true } } }';

test.each([
  { from: 'XOPC_GATEWAY_TOKEN of its own environment', config: AUTH, variables: { XOPC_GATEWAY_TOKEN: TOKEN } },
  { from: '--token', config: AUTH, args: ['--token', TOKEN] },
  {
    from: 'a variable of its own environment',
    config: `{ "gateway": { "auth": { "enabled": true, "api_key": "\${NODES_TOKEN}" } } }`,
    variables: { NODES_TOKEN: TOKEN },
  },
  {
    from: 'a file that was half saved since',
    config: `{ "gateway": { "auth": { "enabled": true, "api_key": "${TOKEN}" } } }`,
    saved: '{ "gateway": { "prot": 1, "auth": ',
  },
])('the commands use and show the token that it has from $from, and replace no other', async ({ config, variables, args, saved }) => {
  const gateway = await RealGateway.create();
  configure(gateway, config);
  await gateway.run(args, variables);
  if (saved !== undefined) {
    configure(gateway, saved);
    await until('the warning', async () => (await gateway.status()).warnings.some(({ code }) => code === 'CONFIG_INVALID'));
  }
  expect(await gateway.xopc('sessions')).toMatchObject({ code: 0 });
  expect(await gateway.xopc('gateway', 'open', '--json')).toMatchObject({ code: 0, stdout: expect.stringContaining('#link=') as string });
  expect(await gateway.xopc('gateway', 'token', '--show')).toMatchObject({ code: 0, stdout: `${TOKEN}\n`, stderr: '' });
  const rotated = await gateway.xopc('gateway', 'token', '--rotate');
  expect(rotated).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('the token comes from') as string });
});
