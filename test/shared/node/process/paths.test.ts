import { expect, test, vi } from 'vitest';
import { resolvePaths } from '../../../../shared/node/process/paths.js';

const long = `/home/${'a'.repeat(90)}`;

test.runIf(process.platform !== 'win32').each([
  ['/home/ada/.xopc', '/run/user/1000', /^\/home\/ada\/\.xopc\/run\/gateway\.[0-9a-f]{16}\.sock$/],
  [long, '/run/user/1000', /^\/run\/user\/1000\/xopc-[0-9a-f]{16}\/[0-9a-f]{16}\.sock$/],
  [long, long, /^\/tmp\/xopc-[0-9a-f]{16}\/[0-9a-f]{16}\.sock$/],
  ['/home/ü'.repeat(12), long, /^\/tmp\//],
])('the control socket of %s with the runtime directory %s has a path that the system takes whole', (home, runtimeDir, expected) => {
  expect(resolvePaths({ home, runtimeDir, dataDir: home }).controlPath).toMatch(expected);
});

test('on Windows the control pipes of one configuration in two homes have different names', () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
  const pipeIn = (home: string): string => resolvePaths({ home, configPath: '/c.json', runtimeDir: home, dataDir: home }).controlPath;
  expect(pipeIn('/home/ada')).toMatch(/^\\\\\.\\pipe\\xopc-gateway-[0-9a-f]{16}$/);
  expect(pipeIn('/home/ada')).not.toBe(pipeIn('/home/bob'));
});
