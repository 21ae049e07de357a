/** What happens to a cluster, and how long until what a node had is another one's. */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../helpers/real-gateway.js';
import { CLOCKED, type Node, untilServes, type World } from './world.js';

/** Longer than a node may be silent. */
const SILENCE_MS = Number(process.env['XOPC_CLUSTER_SILENCE_S'] ?? 20) * 1_000;
const SHORT_MS = 4_000;
const CLOCK_MS = 300_000;
const ACCOUNTS = ['account:telegram/default', 'account:webhook/default'];
const LIMIT_MS = 40_000;

interface Aim extends World {
  readonly node: Node;
}

/** The workers that hold an account, in the order of the accounts. */
async function holders({ sql }: World): Promise<readonly string[]> {
  const rows = await sql<{ key: string; owner: string }>(
    `select key, owner from leases join instances on instances.id = owner where key in ('${ACCOUNTS.join("','")}') order by key`,
  );
  return rows.map(({ owner }) => owner);
}

/** @returns in ms, how long until every account is another worker's than these, or 0 when they had none */
async function takeover(world: World, lost: ReadonlySet<string>): Promise<number> {
  const startedAt = performance.now();
  await until(
    'another worker to take the accounts',
    async () => {
      const now = await holders(world).catch(() => []);
      return now.length === ACCOUNTS.length && now.every((owner) => !lost.has(owner));
    },
    LIMIT_MS,
  );
  return performance.now() - startedAt;
}

/** The workers of a node that hold an account. */
async function heldBy(world: World, { gateway }: Node): Promise<ReadonlySet<string>> {
  const { worker } = await gateway.status();
  const owners = await holders(world);
  return new Set(owners.filter((owner) => owner === worker?.instanceId));
}

export interface Loss {
  readonly held: ReadonlySet<string>;
  readonly tookMs: number;
}

/** Does something to a node that has it lose its accounts. */
async function lose(aim: Aim, act: () => unknown): Promise<Loss> {
  const held = await heldBy(aim, aim.node);
  await act();
  return { held, tookMs: held.size === 0 ? 0 : await takeover(aim, held) };
}

const pidsOf = ({ gateway }: Node): number[] => [gateway.lock().pid, gateway.workerPid()];
const signal = (pids: readonly number[], name: NodeJS.Signals): void => pids.forEach((pid) => process.kill(pid, name));

async function run(node: Node, ...args: string[]): Promise<void> {
  const outcome = await node.gateway.xopc('gateway', ...args);
  if (outcome.code !== 0) throw new Error(`xopc gateway ${args.join(' ')}: ${outcome.code} ${outcome.stderr}`);
}

export interface Fault {
  readonly name: string;
  /** Only this node. */
  readonly number?: number;
  /** In ms, within which others have what the node had; undefined: it may keep it. */
  readonly limitMs?: number;
  readonly act: (aim: Aim) => Promise<Loss | undefined>;
}

const TAKEOVER_MS = 20_000;
const HAND_OVER_MS = 1_000;

/** For a time: either the node keeps what it has, or others take it. */
async function during(ms: number, begin: () => void, end: () => void): Promise<undefined> {
  begin();
  await delay(ms);
  end();
}

async function silence(aim: Aim, begin: () => void, end: () => void): Promise<Loss> {
  const startedAt = performance.now();
  const loss = await lose(aim, begin);
  await delay(Math.max(0, SILENCE_MS - (performance.now() - startedAt)));
  end();
  return loss;
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'kill -9 of a worker',
    limitMs: TAKEOVER_MS,
    act: (aim) => lose(aim, () => signal([aim.node.gateway.workerPid()], 'SIGKILL')),
  },
  {
    name: 'kill -9 of a supervisor',
    limitMs: TAKEOVER_MS,
    async act(aim) {
      const loss = await lose(aim, () => signal([aim.node.gateway.lock().pid], 'SIGKILL'));
      aim.node.start();
      return loss;
    },
  },
  {
    name: 'suspension',
    limitMs: TAKEOVER_MS,
    act(aim) {
      const pids = pidsOf(aim.node);
      return silence(
        aim,
        () => signal(pids, 'SIGSTOP'),
        () => signal(pids, 'SIGCONT'),
      );
    },
  },
  {
    name: 'short suspension',
    act({ node }) {
      const pids = pidsOf(node);
      return during(
        SHORT_MS,
        () => signal(pids, 'SIGSTOP'),
        () => signal(pids, 'SIGCONT'),
      );
    },
  },
  { name: 'partition', limitMs: TAKEOVER_MS, act: (aim) => silence(aim, aim.node.host.unplug, aim.node.host.plug) },
  { name: 'short partition', act: ({ node: { host } }) => during(SHORT_MS, host.unplug, host.plug) },
  {
    name: 'end of all sessions of a database',
    async act({ sql }) {
      await sql('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
      return undefined;
    },
  },
  {
    name: 'crash of PostgreSQL',
    async act({ postgres }) {
      await postgres.restart('immediate');
      return undefined;
    },
  },
  {
    name: 'clock 5 min ahead or behind',
    number: CLOCKED,
    async act({ node: { clock } }) {
      const isBehind = clock.now() > Date.now() - CLOCK_MS / 2;
      clock.set(Date.now() + (isBehind ? -CLOCK_MS : CLOCK_MS));
      await delay(SHORT_MS);
      return undefined;
    },
  },
  {
    name: 'stop and start',
    limitMs: HAND_OVER_MS,
    async act(aim) {
      const loss = await lose(aim, () => run(aim.node, 'stop'));
      aim.node.start();
      return loss;
    },
  },
  {
    name: 'rolling restart',
    limitMs: HAND_OVER_MS,
    async act(world) {
      const losses: Loss[] = [];
      for (const node of world.nodes) {
        losses.push(await lose({ ...world, node }, () => run(node, 'restart')));
        await untilServes(node);
      }
      return losses.toSorted((one, other) => other.tookMs - one.tookMs)[0];
    },
  },
];
