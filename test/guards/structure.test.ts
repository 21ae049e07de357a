import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { SLOW } from '../helpers/slow-tests.mjs';
import { listFiles, readAllSources, readSource, root, type SourceFile } from './source-tree.js';

const sources = readAllSources();
const MAX_FILES = 16;

test('no folder holds more than 16 files, so that its purpose can be named', () => {
  const files = ['bin', 'client', 'daemon', 'shared', 'webui/src'].flatMap((folder) => listFiles(folder, /./));
  const counts = new Map<string, string[]>();
  for (const path of files) counts.set(dirname(path), [...(counts.get(dirname(path)) ?? []), path]);
  const full = [...counts]
    // One file per migration, icon or command is the rule there.
    .filter(([folder]) => !/\/migrations$|\/icons$|^client\/commands\//.test(folder))
    .filter(([, members]) => members.length > MAX_FILES)
    .map(([folder, members]) => `${folder} holds ${members.length} files`);
  expect(full).toEqual([]);
});

/** Files that import each other in a ring, type imports counted; found by Tarjan's algorithm. */
function findRings(files: readonly SourceFile[]): string[][] {
  const targets = new Map(files.map(({ path, imports }) => [path, imports.map(({ target = '' }) => target)]));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const rings: string[][] = [];
  const visit = (path: string): void => {
    order.set(path, order.size);
    lowest.set(path, order.size - 1);
    stack.push(path);
    for (const target of targets.get(path) ?? []) {
      if (!targets.has(target)) continue;
      if (!order.has(target)) visit(target);
      if (stack.includes(target)) lowest.set(path, Math.min(lowest.get(path) ?? 0, lowest.get(target) ?? 0));
    }
    if (lowest.get(path) !== order.get(path)) return;
    const ring = stack.splice(stack.indexOf(path));
    if (ring.length > 1) rings.push(ring.toSorted());
  };
  for (const path of targets.keys()) if (!order.has(path)) visit(path);
  return rings;
}

test('no files import each other in a ring, type imports counted', () => {
  expect(findRings(sources)).toEqual([]);
});

/** The floors of the worker, top to bottom. A room may import rooms on lower floors only. */
const FLOORS: readonly (readonly string[])[] = [
  ['http'],
  ['socket'],
  ['chat', 'cron', 'observe', 'responses', 'upkeep'],
  ['delivery', 'models'],
  ['turns'],
  ['sessions'],
  ['approvals', 'spending', 'config', 'files', 'tools'],
  ['access', 'tracing'],
  ['channels', 'providers'],
  ['store'],
];

const roomOf = (path: string): string | undefined => /^daemon\/worker\/([\w-]+)\//.exec(path)?.[1];
const floorOf = (room: string): number => FLOORS.findIndex((floor) => floor.includes(room));

test('rooms of the worker import downward only, type imports counted', () => {
  const rooms = new Set(sources.flatMap(({ path }) => roomOf(path) ?? []));
  expect([...rooms].filter((room) => room !== 'lazy' && floorOf(room) < 0)).toEqual([]);
  const upward = sources.flatMap(({ path, imports }) =>
    imports.flatMap(({ target = '' }) => {
      const [from, to] = [roomOf(path), roomOf(target)];
      // lazy/ holds the entries of bundles that are loaded late; they sit above all rooms.
      if (from === undefined || from === to || from === 'lazy' || !target.startsWith('daemon/worker/')) return [];
      return to !== undefined && floorOf(to) > floorOf(from) ? [] : [`${path} imports ${target}`];
    }),
  );
  expect(upward).toEqual([]);
});

/** Where a fault loses data, connections or processes. */
const CORE = /^daemon\/(supervisor|fallback)\/|^daemon\/worker\/(lifecycle\.ts$|turns\/|delivery\/|socket\/|store\/)/;
/** Entries and composition: tests of whole processes run them. */
const WITHOUT_LOGIC = /\/main\.ts$|\.d\.ts$|\/migrations\/\d|\/(gateway|foundation|create-delivery)\.ts$|-deps\.ts$/;
/** Files of the core that a test of a larger unit runs, which is named here. */
const TESTED_BY: Record<string, string> = {
  'daemon/supervisor/config/known-secrets.ts': 'test/daemon/supervisor/config/live-config.test.ts',
  'daemon/supervisor/socket/kept-socket.ts': 'test/daemon/supervisor/succession/gateway-resources.test.ts',
  'daemon/supervisor/state/table.ts': 'test/daemon/supervisor/state/transition.test.ts',
  'daemon/supervisor/workers/candidate-exit.ts': 'test/daemon/supervisor/supervisor.test.ts',
  'daemon/supervisor/workers/worker-launch.ts': 'test/daemon/supervisor/workers/worker-process-fixtures.test.ts',
  'daemon/worker/delivery/channel-intake.ts': 'test/daemon/worker/channels/telegram/conversation.test.ts',
  'daemon/worker/delivery/inbox-ends.ts': 'test/daemon/worker/delivery/inbox-handover.test.ts',
  'daemon/worker/delivery/inbox-queue.ts': 'test/daemon/worker/delivery/inbox.test.ts',
  'daemon/worker/delivery/message-event.ts': 'test/daemon/worker/delivery/outbox.test.ts',
  'daemon/worker/delivery/outbox-queue.ts': 'test/daemon/worker/delivery/outbox.test.ts',
  'daemon/worker/delivery/record-attempt.ts': 'test/daemon/worker/delivery/outbox.test.ts',
  'daemon/worker/turns/model/call-span.ts': 'test/daemon/worker/tracing/spans.test.ts',
  'daemon/worker/turns/model/call-model.ts': 'test/daemon/worker/models/model-calls.test.ts',
  'daemon/worker/turns/model/completion-change.ts': 'test/daemon/worker/turns/model/transcriber.test.ts',
  'daemon/worker/turns/voice/heard.ts': 'test/daemon/worker/turns/voice/voice-notes.test.ts',
  'daemon/worker/socket/sockets.ts': 'test/daemon/worker/socket/protocol.test.ts',
  'daemon/worker/store/columns.ts': 'test/daemon/worker/cron/jobs.test.ts',
  'daemon/worker/store/conversations/search-terms.ts': 'test/daemon/worker/store/conversations/session-search.test.ts',
  'daemon/worker/store/overview/token-costs.ts': 'test/daemon/worker/turns/spending.test.ts',
  'daemon/worker/store/overview/model-calls.ts': 'test/daemon/worker/models/model-calls.test.ts',
  'daemon/worker/store/conversations/attachments.ts': 'test/daemon/worker/files/attachments.test.ts',
  'daemon/worker/store/conversations/branches.ts': 'test/daemon/worker/socket/variants.test.ts',
  'daemon/worker/store/conversations/tables.ts': 'test/daemon/worker/store/migrations.test.ts',
  'daemon/worker/store/responses/conversations.ts': 'test/daemon/worker/http/responses/conversations.test.ts',
  'daemon/worker/store/approvals/tables.ts': 'test/daemon/worker/store/approvals/approvals.test.ts',
  'daemon/worker/store/overview/tables.ts': 'test/daemon/worker/spending/spending.test.ts',
  'daemon/worker/store/responses/tables.ts': 'test/daemon/worker/store/responses/responses.test.ts',
  'daemon/worker/store/summaries/tables.ts': 'test/daemon/worker/store/summaries/summaries.test.ts',
  'daemon/worker/store/conversations/transcript.ts': 'test/daemon/worker/sessions/sessions.test.ts',
  'daemon/worker/store/conversations/turn-outcome.ts': 'test/daemon/worker/turns/keyed-turns.test.ts',
  'daemon/worker/store/conversations/turn-stops.ts': 'test/daemon/worker/cluster/stops.test.ts',
  'daemon/worker/store/copy/checksum.ts': 'test/daemon/worker/store/copy/copy-content.test.ts',
  'daemon/worker/store/copy/copy-place.ts': 'test/daemon/worker/store/copy/copy-content.test.ts',
  'daemon/worker/store/copy/end-unfinished.ts': 'test/daemon/worker/store/sqlite/restored-turns.test.ts',
  'daemon/worker/store/delivery/inbox-cursors.ts': 'test/daemon/worker/channels/telegram/conversation.test.ts',
  'daemon/worker/store/delivery/pairings.ts': 'test/e2e/pairing.test.ts',
  'daemon/worker/store/approvals/asked-questions.ts': 'test/daemon/worker/approvals/ended-questions.test.ts',
  'daemon/worker/store/turns/tables.ts': 'test/daemon/worker/store/migrations.test.ts',
  'daemon/worker/store/turns/waiting-turns.ts': 'test/daemon/worker/turns/steps/waiting-turns.test.ts',
  'daemon/worker/turns/steps/begin-turn.ts': 'test/daemon/worker/turns/steps/waiting-turns.test.ts',
  'daemon/worker/turns/steps/waiting.ts': 'test/daemon/worker/turns/steps/waiting-turns.test.ts',
  'daemon/worker/turns/steps/adoption.ts': 'test/daemon/worker/turns/steps/resumed-turns.test.ts',
  'daemon/worker/turns/steps/tool-text.ts': 'test/daemon/worker/turns/steps/tool-run.test.ts',
  'daemon/worker/store/prepare.ts': 'test/daemon/worker/store/contract/store-contract.ts',
  'daemon/worker/store/cron/tables.ts': 'test/daemon/worker/store/migrations.test.ts',
  'daemon/worker/store/schema.ts': 'test/daemon/worker/store/migrations.test.ts',
  'daemon/worker/store/sqlite/database-file.ts': 'test/daemon/worker/store/store-faults.test.ts',
  'daemon/worker/store/dialect.ts': 'test/daemon/worker/store/contract/store-contract.ts',
  'daemon/worker/store/postgres/begin-writing.ts': 'test/daemon/worker/store/postgres/committer.test.ts',
  'daemon/worker/store/postgres/conversation-tables.ts': 'test/daemon/worker/store/postgres/open.test.ts',
  'daemon/worker/store/postgres/copy-place.ts': 'test/daemon/worker/store/copy/copy-content.test.ts',
  'daemon/worker/store/postgres/message-search.ts': 'test/daemon/worker/store/conversations/session-search.test.ts',
  'daemon/worker/store/postgres/migrate.ts': 'test/daemon/worker/store/postgres/open.test.ts',
  'daemon/worker/store/postgres/members/rows.ts': 'test/daemon/worker/store/postgres/membership.test.ts',
  'daemon/worker/store/delivery/inbox-stops.ts': 'test/daemon/worker/delivery/inbox.test.ts',
  'daemon/worker/store/postgres/queries.ts': 'test/daemon/worker/store/contract/postgres.test.ts',
  'daemon/worker/store/sqlite/copy-place.ts': 'test/daemon/worker/store/copy/copy-content.test.ts',
  'daemon/worker/store/sqlite/queries.ts': 'test/daemon/worker/store/contract/sqlite.test.ts',
  'daemon/worker/store/sqlite/message-search.ts': 'test/daemon/worker/store/conversations/session-search.test.ts',
  'daemon/worker/store/sqlite/migrate.ts': 'test/daemon/worker/store/migrations.test.ts',
  'daemon/worker/store/sqlite/transactions.ts': 'test/daemon/worker/store/contract/store-contract.ts',
  'daemon/worker/turns/commands/built-in-commands.ts': 'test/daemon/worker/turns/commands/chat-commands.test.ts',
  'daemon/worker/turns/event-stream.ts': 'test/daemon/worker/turns/turn-runner.test.ts',
  'daemon/worker/turns/interrupted-turn.ts': 'test/daemon/worker/turns/turn-journal.test.ts',
  'daemon/worker/turns/model/nothing-to-report.ts': 'test/daemon/worker/turns/model/answer.test.ts',
  'daemon/worker/turns/model/ask.ts': 'test/daemon/worker/turns/agent.test.ts',
  'daemon/worker/turns/model/sent-requests.ts': 'test/daemon/worker/turns/model/call-model.test.ts',
  'daemon/worker/turns/turn-context.ts': 'test/daemon/worker/turns/agent.test.ts',
};

test('every file of the core has a test: mirrored, importing it, or named here', () => {
  const tests = listFiles('test', /\.(ts|mjs)$/).map(readSource);
  const imported = new Set(tests.flatMap(({ imports }) => imports.map(({ target }) => target)));
  const exists = (path: string): boolean => existsSync(join(root, path));
  const isTested = (path: string): boolean =>
    imported.has(path) || exists(`test/${path.replace(/\.ts$/, '.test.ts')}`) || exists(TESTED_BY[path] ?? 'none');
  const core = sources.map(({ path }) => path).filter((path) => CORE.test(path) && !WITHOUT_LOGIC.test(path));
  expect(core.length).toBeGreaterThan(100);
  expect(core.filter((path) => !isTested(path))).toEqual([]);
  expect(Object.keys(TESTED_BY).filter((path) => !exists(path))).toEqual([]);
});

/** `a/{b,c}/*` names `a/b/*` and `a/c/*`. */
function alternatives(pattern: string): string[] {
  const [whole, names] = /\{([^{}]+)\}/.exec(pattern) ?? [];
  if (whole === undefined || names === undefined) return [pattern];
  return names.split(',').flatMap((name) => alternatives(pattern.replace(whole, () => name)));
}

test('what is left out of the fast checks exists', () => {
  const paths = SLOW.flatMap(alternatives).map((pattern) => pattern.replace(/(\/\*\*)?\/\*\.test\.ts$/, ''));
  expect(paths.length).toBeGreaterThan(SLOW.length);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
