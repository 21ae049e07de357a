import { mkdirSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isSameGateway, SERVICE_NAMES, serviceNames } from '../../../../client/service/plan/service-name.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const usual = join(homedir(), '.xopc');

describe('the name of a service', () => {
  test.each([
    { what: 'the usual configuration', home: usual, configPath: null, name: /^xopc-gateway$/ },
    { what: 'the usual configuration by its path', home: usual, configPath: join(usual, 'config.json'), name: /^xopc-gateway$/ },
    {
      what: 'another configuration of the usual home',
      home: usual,
      configPath: join(usual, 'work.json'),
      name: /-gateway-work-[0-9a-f]{8}$/,
    },
    { what: 'another home', home: '/srv/bot', configPath: null, name: /-gateway-config-[0-9a-f]{8}$/ },
    { what: 'a name with signs', home: '/srv/bot', configPath: '/etc/Été %n/My Bot_2.v1.json', name: /-gateway-my-bot-2-v1-[0-9a-f]{8}$/ },
    { what: 'a name without a Latin letter', home: '/srv/bot', configPath: '/srv/bot/配置.json', name: /-gateway-[0-9a-f]{8}$/ },
    {
      what: 'a long name',
      home: '/srv/bot',
      configPath: `/srv/${'a'.repeat(31)}-${'b'.repeat(99)}.json`,
      name: /-gateway-a{31}-[0-9a-f]{8}$/,
    },
  ])('says which one it is: $what', ({ home, configPath, name }) => {
    const names = serviceNames({ home, configPath });
    expect(names.name).toMatch(name);
    expect(names.name).toMatch(SERVICE_NAMES);
    expect(names.otherwise).toMatch(/-[0-9a-f]{8}$/);
  });

  test('differs between homes and between configurations of one file name', () => {
    const gateways = [
      { home: '/srv/a', configPath: null },
      { home: '/srv/b', configPath: null },
      { home: '/srv/a', configPath: '/etc/config.json' },
      { home: '/srv/b', configPath: '/etc/config.json' },
      { home: '/srv/a', configPath: '/srv/b/config.json' },
    ];
    expect(new Set(gateways.map((gateway) => serviceNames(gateway).name)).size).toBe(gateways.length);
  });

  test('is the same however a path is written', () => {
    const directory = tempDir();
    mkdirSync(join(directory, 'real'));
    symlinkSync('real', join(directory, 'link'));
    const gateway = { home: join(directory, 'real'), configPath: null };
    const linked = { home: join(directory, 'link'), configPath: join(directory, 'real', '..', 'link', 'config.json') };
    expect(serviceNames(linked)).toEqual(serviceNames(gateway));
    expect(isSameGateway(linked, gateway)).toBe(true);
    expect(isSameGateway({ ...gateway, configPath: join(gateway.home, 'b.json') }, gateway)).toBe(false);
  });
});
