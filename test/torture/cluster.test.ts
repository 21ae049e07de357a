/** Three gateways on one PostgreSQL behind HAProxy, with messages all the time and thirty faults. */
import { expect, test } from 'vitest';
import { whyMissing } from '../helpers/debian-programs.js';
import { installFaketime } from '../helpers/faketime.js';
import { machineSlackMs } from '../helpers/machine-slack.js';
import { whyNoPostgres } from '../helpers/postgres.js';
import { until } from '../helpers/real-gateway.js';
import { seededRandom } from '../helpers/seeded-random.js';
import { whyNoHosts } from '../helpers/two-hosts.js';
import { check } from './cluster/checks.js';
import { type Fault, FAULTS, type Loss } from './cluster/faults.js';
import { createJob, talk } from './cluster/load.js';
import { NODES, startWorld, untilServes, type World } from './cluster/world.js';

const reason = whyNoPostgres() ?? whyMissing(['haproxy']) ?? whyNoHosts() ?? installFaketime();
const COUNT = 30;

/** Each about as often as the others, in an order and on nodes that the seed decides. */
function draw(random: () => number): readonly { fault: Fault; number: number }[] {
  const pick = (count: number): number => Math.floor(random() * count);
  const drawn: { fault: Fault; number: number }[] = [];
  let left: Fault[] = [];
  while (drawn.length < COUNT) {
    if (left.length === 0) left = [...FAULTS];
    const [fault] = left.splice(pick(left.length), 1);
    if (fault !== undefined) drawn.push({ fault, number: fault.number ?? pick(NODES) });
  }
  return drawn;
}

interface Result {
  readonly name: string;
  readonly tookMs: number | undefined;
  readonly isLate: boolean;
}

async function inflict(world: World, { fault, number }: { fault: Fault; number: number }): Promise<Result> {
  const node = world.nodes[number];
  if (node === undefined) throw new Error(`no node ${number}`);
  const slackMs = machineSlackMs();
  let loss: Loss | undefined;
  try {
    loss = await fault.act({ ...world, node });
    for (const one of world.nodes) await untilServes(one);
  } catch (error) {
    throw new Error(`${fault.name} of node ${number}`, { cause: error });
  }
  const tookMs = loss === undefined || loss.held.size === 0 ? undefined : loss.tookMs;
  return { name: fault.name, tookMs, isLate: tookMs !== undefined && tookMs > (fault.limitMs ?? Infinity) + slackMs };
}

function describeResults(results: readonly Result[]): string {
  return FAULTS.map(({ name, limitMs }) => {
    const own = results.filter((result) => result.name === name);
    const times = own.flatMap(({ tookMs }) => (tookMs === undefined ? [] : [Math.round(tookMs)]));
    const within = limitMs === undefined ? '' : `, accounts taken over in ${times.join(', ') || '–'} ms (at most ${limitMs})`;
    return `${own.length} × ${name}${within}`;
  }).join('\n');
}

test.skipIf(reason !== undefined).for([
  ['directly', false],
  ['through pgbouncer', true],
] as const)(
  'three gateways on one database, %s, outlive thirty faults: nothing is lost, nothing is sent twice, each chat in order',
  { timeout: 1_800_000 },
  async ([way, isPooled]) => {
    const world = await startWorld({ isPooled });
    const endJob = await createJob(world);
    let isOver = false;
    const results: Result[] = [];
    const load = talk(world, () => isOver);
    const faults = (async () => {
      for (const one of draw(seededRandom(16))) results.push(await inflict(world, one));
      isOver = true;
    })();
    await Promise.all([faults, load]);
    await endJob();
    const verdict = await check(world);
    await until('all nodes', async () => (await world.nodes[0]?.gateway.status())?.nodes?.length === NODES, 30_000);
    const counts = `${verdict.ticks} runs of the job; ${verdict.unknown} messages with unknown outcome, ${verdict.setAside} set aside`;
    process.stdout.write(`${way}:\n${describeResults(results)}\n${counts}; ${verdict.faults.length} violations\n`);
    expect(verdict.faults).toEqual([]);
    expect(results.filter(({ isLate }) => isLate)).toEqual([]);
  },
);
