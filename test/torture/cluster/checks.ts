/** What must be so after all faults. */
import { until } from '../../helpers/real-gateway.js';
import { CHATS, JOB_CHAT, MESSAGES } from './load.js';
import type { World } from './world.js';

const SETTLED_MS = 300_000;

interface Shown {
  readonly chat: string;
  readonly content: string;
}

const numberOf = (content: string): number => Number(/\d+$/.exec(content.trim())?.[0]);

/** Nothing twice, in the order of each chat. */
function ordered(kind: string, shown: readonly Shown[]): string[] {
  const seen = new Set<string>();
  const last = new Map<string, number>();
  const faults: string[] = [];
  for (const { chat, content } of shown) {
    if (seen.has(content)) faults.push(`${kind}: ${content} came twice`);
    seen.add(content);
    const number = numberOf(content);
    if (number < (last.get(chat) ?? -1)) faults.push(`${kind}: ${content} came after ${last.get(chat)}`);
    last.set(chat, number);
  }
  return faults;
}

/** @param excused  how many may be missing, because their outcome is shown as unknown */
function complete(kind: string, shown: readonly Shown[], excused: ReadonlySet<string>): string[] {
  const seen = new Set(shown.map(({ content }) => content.trim()));
  const names = Array.from({ length: MESSAGES }, (_, number) => `${kind}-${number}`);
  return names.filter((name) => !seen.has(name) && !excused.has(name)).map((name) => `${name} is lost`);
}

interface Outgoing {
  readonly content: string;
  readonly state: string;
}

export interface Verdict {
  readonly faults: readonly string[];
  readonly unknown: number;
  readonly setAside: number;
  readonly ticks: number;
}

/** What is left after all that time, and who holds it. */
async function onTheWay({ sql }: World): Promise<unknown> {
  return {
    outbox: await sql("select * from outbox_messages where state in ('queued', 'sending', 'retry_wait') order by seq limit 10"),
    inbox: await sql("select * from inbox_messages where state in ('pending', 'running') order by seq limit 10"),
    turns: await sql("select * from turns where state = 'running' limit 10"),
    leases: await sql('select * from leases limit 20'),
    instances: await sql('select * from instances'),
  };
}

export async function check(world: World): Promise<Verdict> {
  const { telegram, receiver, sql } = world;
  const open = () =>
    sql<{ count: string }>("select count(*) as count from outbox_messages where state in ('queued', 'sending', 'retry_wait')");
  const waiting = () => sql<{ count: string }>("select count(*) as count from inbox_messages where state in ('pending', 'running')");
  await until(
    'nothing to be on its way',
    async () => telegram.bot.pendingUpdates === 0 && Number((await open())[0]?.count) + Number((await waiting())[0]?.count) === 0,
    SETTLED_MS,
  ).catch(async (error: unknown) => {
    process.stdout.write(`${telegram.bot.pendingUpdates} updates are not read\n${JSON.stringify(await onTheWay(world), null, 1)}\n`);
    throw error;
  });
  const messages = await sql<Outgoing>('select content, state from outbox_messages');
  const unknown = new Set(messages.filter(({ state }) => state === 'unknown').map(({ content }) => content.trim()));
  const out = receiver.received.filter(({ chatId }) => chatId !== JOB_CHAT).map(({ chatId: chat, content }) => ({ chat, content }));
  const answers = telegram.bot.sent
    .map(({ chatId, text }) => ({ chat: String(chatId), content: text.trim() }))
    .filter(({ content }) => /^in-\d+$/.test(content));
  // Its chat is told.
  const setAside = await sql<{ content: string }>("select content from inbox_messages where state in ('poisoned', 'interrupted')");
  const excused = new Set([...unknown, ...setAside.map(({ content }) => content.trim())]);
  const delivered = messages.filter(({ content, state }) => content === 'tick' && state === 'delivered').length;
  const unknownTicks = messages.filter(({ content, state }) => content === 'tick' && state === 'unknown').length;
  const ticks = receiver.received.filter(({ chatId }) => chatId === JOB_CHAT).length;
  const twice = await sql<{ occurrence: string }>(
    "select occurrence from cron_runs where state = 'done' group by job_id, occurrence having count(*) > 1",
  );
  const faults = [
    ...ordered('out', out),
    ...complete('out', out, unknown),
    ...ordered('in', answers),
    ...complete('in', answers, excused),
    ...messages.filter(({ state }) => state === 'dead').map(({ content }) => `${content} is dead`),
    ...twice.map(({ occurrence }) => `the job ran twice for ${occurrence}`),
    ...(ticks >= delivered && ticks <= delivered + unknownTicks ? [] : [`${ticks} of ${delivered} ticks, ${unknownTicks} unknown`]),
    ...(telegram.conflicts === 0 ? [] : [`${telegram.conflicts} polls at the same time as another`]),
    ...(new Set(out.map(({ chat }) => chat)).size === CHATS ? [] : ['not every chat got a message']),
  ];
  return { faults, unknown: messages.filter(({ state }) => state === 'unknown').length, setAside: setAside.length, ticks };
}
