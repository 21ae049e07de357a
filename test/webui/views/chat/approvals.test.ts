import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

interface Approval {
  readonly id: number;
  readonly session: string;
  readonly state: 'pending' | 'approved';
}
// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../../webui/src/views/chat/approvals/follow.js';
const { withRead } = (await import(source)) as {
  withRead(known: readonly Approval[], read: readonly Approval[], session: string): Approval[];
};

test('what is decided elsewhere, and what was decided long ago, is not kept', () => {
  const decided = Array.from({ length: 60 }, (_, index): Approval => ({ id: index + 10, session: 'shown', state: 'approved' }));
  const known: Approval[] = [
    { id: 1, session: 'other', state: 'approved' },
    { id: 2, session: 'other', state: 'pending' },
    { id: 3, session: 'shown', state: 'pending' },
    ...decided.slice(1),
  ];
  const kept = withRead(
    known,
    [{ id: 2, session: 'other', state: 'approved' }, { id: 4, session: 'other', state: 'pending' }, ...decided.slice(0, 1)],
    'shown',
  );
  expect(kept.map(({ id }) => id)).toEqual([3, 4, ...decided.slice(-50).map(({ id }) => id)]);
});

test('what is decided stays so, also in a session that is not shown, whichever answer arrives last', () => {
  const answers = (session: string): Approval[][] => [[{ id: 101, session, state: 'approved' }], [{ id: 101, session, state: 'pending' }]];
  const takeAll = (session: string) => answers(session).reduce<Approval[]>((known, read) => withRead(known, read, 'shown'), []);
  expect(takeAll('other')).toEqual([]);
  expect(takeAll('shown')).toMatchObject([{ state: 'approved' }]);
});
