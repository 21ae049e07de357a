/** Everything that can happen in the model of a succession: what the processes do, what is asked of them, and what befalls them. */
import { drainOld, FIRST, giveUp, kill, killNext, OLD_EVENTS, REASON, tellNext, tellOld, type World } from './succession-world.js';

export { FIRST };

interface Step {
  readonly name: string;
  readonly isPossible: (world: World) => boolean;
  readonly carryOut: (world: World) => void;
}

const runs = (process: { isAlive: boolean; isHung: boolean }): boolean => process.isAlive && !process.isHung;
const isOver = ({ old }: World): boolean => old.state === 'succeeded' || old.state === 'dismissed';
/** Nothing keeps the old one's `settled` open. */
const isSettled = (world: World): boolean => world.old.state === 'idle' || isOver(world);

/** What the two processes do by themselves. */
const OWN_STEPS: readonly Step[] = [
  {
    name: 'old receives',
    isPossible: ({ old, toOld }) => runs(old) && toOld.length > 0,
    carryOut(world) {
      const message = world.toOld.shift() as keyof typeof OLD_EVENTS;
      tellOld(world, OLD_EVENTS[message]);
    },
  },
  {
    name: 'old sees the exit',
    isPossible: ({ old, isExitDue, toOld }) => runs(old) && isExitDue && toOld.length === 0,
    carryOut(world) {
      world.isExitDue = false;
      if (!isOver(world)) tellOld(world, { type: 'exited' });
    },
  },
  {
    name: 'old takes back',
    isPossible: ({ old }) => runs(old) && old.state === 'reclaiming',
    carryOut(world) {
      world.old.holds = true;
      tellOld(world, { type: 'reclaimed' });
    },
  },
  {
    name: 'old worker quiesces',
    isPossible: ({ old }) => runs(old) && old.worker === 'draining',
    carryOut(world) {
      world.old.worker = 'quiesced';
      tellOld(world, { type: 'quiesced' });
    },
  },
  {
    name: 'old worker exits',
    isPossible: ({ old }) => runs(old) && old.worker === 'quiesced',
    carryOut: ({ old }) => void (old.worker = 'none'),
  },
  {
    name: 'old leaves or continues',
    isPossible: (world) => runs(world.old) && world.old.stop !== 'none' && world.old.worker === 'none' && isSettled(world),
    carryOut(world) {
      if (isOver(world) || world.old.stop === 'stop') return kill(world.old);
      world.old.stop = 'none';
      world.old.worker = 'active';
    },
  },
  {
    name: 'old loses its patience',
    isPossible: ({ old, next, toOld }) =>
      runs(old) && next.isHung && toOld.length === 0 && ['starting', 'handedOver', 'retiring'].includes(old.state),
    carryOut: (world) => tellOld(world, { type: 'fail', reason: REASON }),
  },
  {
    name: 'next is ready',
    isPossible: ({ next }) => runs(next) && next.worker === 'booting' && !next.isStopping,
    carryOut(world) {
      world.next.worker = 'asked';
      tellNext(world, { type: 'takeOver' });
    },
  },
  {
    name: 'next receives',
    isPossible: ({ next, toNext }) => runs(next) && toNext.length > 0,
    carryOut(world) {
      const message = world.toNext.shift();
      tellNext(world, message === 'handOver' ? { type: 'handOver', host: '::', port: 1, handle: {} } : { type: 'quiesced' });
    },
  },
  {
    name: 'next loses old',
    isPossible: ({ old, next, toNext }) => runs(next) && !next.isLost && !old.isAlive && toNext.length === 0,
    carryOut(world) {
      world.next.isLost = true;
      tellNext(world, { type: 'lost' });
    },
  },
  {
    name: 'next listens',
    isPossible: ({ next }) => runs(next) && next.worker === 'told' && !next.isStopping,
    carryOut(world) {
      world.next.worker = 'installed';
      tellNext(world, { type: 'retire', drainTimeoutMs: 1 });
    },
  },
  {
    name: 'next activates',
    isPossible: ({ next }) => runs(next) && next.worker === 'installed' && next.isQuiesced && !next.isStopping,
    carryOut(world) {
      world.next.worker = 'active';
      if (!world.next.isLost) world.toOld.push('succeeded');
      tellNext(world, { type: 'active' });
    },
  },
  {
    name: 'next loses its patience',
    isPossible: ({ old, next, toNext }) => runs(next) && next.hasLimit && old.isHung && toNext.length === 0,
    carryOut(world) {
      world.next.hasLimit = false;
      tellNext(world, { type: 'overdue' });
    },
  },
  {
    name: 'next leaves',
    isPossible: ({ next, old }) => runs(next) && next.isStopping && !(next.link === 'dismissed') && !(next.link === 'left' && runs(old)),
    carryOut: (world) => killNext(world),
  },
];

const fault = (name: string, isPossible: Step['isPossible'], carryOut: Step['carryOut']): Step => ({
  name,
  isPossible: (world) => world.faults > 0 && isPossible(world),
  carryOut(world) {
    world.faults -= 1;
    carryOut(world);
  },
});

const violence: typeof fault = (name, isPossible, carryOut) =>
  fault(name, isPossible, (world) => {
    world.isKilled = true;
    carryOut(world);
  });

/** What is asked of them, and what befalls them. */
const FAULTS: readonly Step[] = [
  {
    name: 'restart',
    isPossible: (world) =>
      runs(world.old) && world.old.state === 'idle' && world.old.stop === 'none' && world.old.holds && world.faults > 0,
    carryOut(world) {
      world.old.hasCaller = true;
      tellOld(world, { type: 'run' });
    },
  },
  fault(
    'stop of old',
    (world) => runs(world.old) && world.old.stop !== 'stop' && !isOver(world),
    (world) => {
      world.isStopWanted = true;
      tellOld(world, { type: 'fail', reason: REASON });
      drainOld(world, 'stop');
    },
  ),
  fault(
    'stop of next',
    ({ next }) => runs(next) && !next.isStopping,
    (world) => {
      world.isStopWanted ||= world.next.holds;
      tellNext(world, { type: 'dismiss', timeoutMs: 1 });
      world.next.isStopping = true;
    },
  ),
  violence(
    'kill of old',
    ({ old }) => old.isAlive,
    ({ old }) => kill(old),
  ),
  violence('kill of next', ({ next }) => next.isAlive, killNext),
  violence(
    'hang of old',
    ({ old }) => runs(old),
    ({ old }) => void (old.isHung = true),
  ),
  violence(
    'hang of next',
    ({ next }) => runs(next),
    ({ next }) => void (next.isHung = true),
  ),
  { name: 'old resumes', isPossible: ({ old }) => old.isHung, carryOut: ({ old }) => void (old.isHung = false) },
  { name: 'next resumes', isPossible: ({ next }) => next.isHung, carryOut: ({ next }) => void (next.isHung = false) },
  fault(
    'another start takes the lock',
    ({ old }) => runs(old) && old.state === 'reclaiming',
    (world) => {
      world.isStopWanted = true;
      tellOld(world, { type: 'lost' });
    },
  ),
  fault('next cannot start', ({ next }) => runs(next) && ['booting', 'told'].includes(next.worker), giveUp),
];

function successors(world: World, steps: readonly Step[]): [name: string, World][] {
  return steps
    .filter(({ isPossible }) => isPossible(world))
    .map(({ name, carryOut }) => {
      const after = structuredClone(world);
      carryOut(after);
      return [name, after];
    });
}

export const ownSteps = (world: World): [name: string, World][] => successors(world, OWN_STEPS);
export const allSteps = (world: World): [name: string, World][] => successors(world, [...OWN_STEPS, ...FAULTS]);
