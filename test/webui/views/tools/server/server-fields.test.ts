import { expect, test } from 'vitest';
import { fieldsOf, findFaults, saveCall } from '../../../../../webui/src/views/tools/server/server-fields.js';

const patchOf = (...[fields, before]: Parameters<typeof saveCall>): unknown =>
  (saveCall(fields, before).body as { mcp: { servers: Record<string, unknown> } }).mcp.servers[fields.name];

const mask = { $secret: true, hint: '…1234' };
const program = { command: 'npx', args: ['-y', 'x'], env: { KEY: mask, HOME: '${HOME}', OLD: mask }, timeoutMs: 5 };

test('a program: only what the form changes is written, and masked values keep their secrets', () => {
  const fields = fieldsOf('files', program);
  expect(fields.env).toBe('KEY=••••1234\nHOME=${HOME}\nOLD=••••1234');
  expect(patchOf(fields, program)).toEqual({});
  expect(patchOf({ ...fields, args: '', env: 'KEY=••••1234\nHOME=a=b', cwd: ' /tmp ' }, program)).toEqual({
    args: null,
    env: { HOME: 'a=b', OLD: null },
    cwd: '/tmp',
  });
  expect(patchOf({ ...fieldsOf('new'), command: 'x', env: 'A=1' }, undefined)).toEqual({ command: 'x', env: { A: '1' } });
});

test('arguments: what lines cannot show stays as it is stored, and a hidden argument stays at its place', () => {
  const stored = { command: 'npx', args: ['-y', mask, 'a\nb', ''], env: { KEY: { $secret: true, hint: '…-- \n' } } };
  const fields = fieldsOf('notes', stored);
  expect(fields).toMatchObject({ args: '-y\n••••1234\na\nb\n', env: 'KEY=••••--' });
  expect(patchOf({ ...fields, cwd: '/tmp', env: `${fields.env}\nA=1` }, stored)).toEqual({ cwd: '/tmp', env: { A: '1' } });
  expect(findFaults(fields, [], stored)).toEqual({});
  expect(findFaults({ ...fields, args: '-y' }, [], stored)).toEqual({ args: 'notLines' });

  const simple = { command: 'npx', args: ['-y', mask, 'x', mask] };
  const edit = (args: string) => ({ ...fieldsOf('notes', simple), args });
  expect(patchOf(edit('-q\n••••1234\nx\n••••1234'), simple)).toEqual({ args: ['-q', mask, 'x', mask] });
  expect(findFaults(edit('-q\n••••1234\nx\n••••1234\nlast'), [], simple)).toEqual({});
  expect(patchOf(edit('-y\nnew\nx'), simple)).toEqual({ args: ['-y', 'new', 'x'] });
  // Which of two that look the same is left?
  const faults = ['••••1234\nx\n••••1234', '-y\n••••1234\nx', '-y\n••••1234\nx\nnew', '-y\nnew\nx\n••••1234', '-y\nnew\nx\nnew'].map(
    (args) => findFaults(edit(args), [], simple).args,
  );
  expect(faults).toEqual(['isMoved', 'looksAlike', 'looksAlike', 'looksAlike', undefined]);
});

test('an address: what is left empty stays stored, and what belongs to a program goes', () => {
  const stored = { url: mask, token: mask, headers: { 'X-Key': mask } };
  const fields = fieldsOf('weather', stored);
  expect(fields).toMatchObject({ kind: 'url', url: '', token: '', headers: 'X-Key: ••••1234' });
  expect(patchOf(fields, stored)).toEqual({});
  expect(patchOf({ ...fields, token: 'new' }, stored)).toEqual({ token: 'new' });
  expect(patchOf({ ...fields, kind: 'command', command: 'npx' }, stored)).toEqual({
    url: null,
    token: null,
    headers: null,
    command: 'npx',
  });
  expect(patchOf({ ...fieldsOf('files', program), kind: 'url', url: 'https://x' }, program)).toEqual({
    command: null,
    args: null,
    env: null,
    url: 'https://x',
  });
});

test('names and lines that cannot be saved are found', () => {
  expect(findFaults({ ...fieldsOf('A b'), env: '=x' }, [])).toEqual({ name: 'badName', env: 'badLine' });
  expect(findFaults({ ...fieldsOf('a'), kind: 'url', headers: 'no colon' }, ['a'])).toEqual({ name: 'isTaken', headers: 'badLine' });
});
