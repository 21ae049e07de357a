import { expect, test } from 'vitest';
import { parseBasePath } from '../../../shared/config/base-path.js';

test.each([
  ['/x', '/x'],
  ['/x/', '/x'],
  ['/apps/xopc.1/', '/apps/xopc.1'],
  ['/apis', '/apis'],
  ['/x/api', '/x/api'],
])('%s is %s', (text, path) => expect(parseBasePath(text)).toBe(path));

test.each([
  '',
  '/',
  'x',
  '//x',
  '/x//y',
  '/x//',
  '/./x',
  '/x/..',
  '/../',
  '/x y',
  '/x;Domain=example.com',
  '/x\r\nA: b',
  '/%78',
  '/"><b>',
  '/x, /y',
  'https://a.example/x',
  '/api',
  '/v1/x',
  '/ws',
  '/openapi.json',
  `/${'x'.repeat(200)}`,
])('%j cannot be one', (text) => expect(parseBasePath(text)).toBeUndefined());
