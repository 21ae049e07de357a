/** What happens to the gateway and its surroundings during the load, one thing at a time. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { FakeOpenAi } from '../../fakes/openai/server.js';
import type { Reaction, ReceivedWebhook, WebhookReceiver } from '../../fakes/webhook-receiver/receiver.js';
import type { RealGateway, Running } from '../../helpers/real-gateway.js';

export interface World {
  readonly gateway: RealGateway;
  readonly receiver: WebhookReceiver;
  readonly model: FakeOpenAi;
  readonly follower: Running;
  /** What the receiver has answered that it does not have: it is sent again. */
  readonly refused: WeakSet<ReceivedWebhook>;
}

const LASTS_MS = 8_000;
const good = (): Reaction => ({ status: 204 });

async function killWorker({ gateway }: World): Promise<void> {
  const pid = gateway.workerPid();
  process.kill(pid, 'SIGKILL');
  await gateway.untilReplaced(pid);
}

async function restart({ gateway }: World, ...args: string[]): Promise<void> {
  expect(await gateway.xopc('gateway', 'restart', ...args)).toMatchObject({ code: 0 });
}

async function react({ receiver, refused }: World, reaction: Reaction): Promise<void> {
  receiver.react = (webhook) => {
    if (typeof reaction === 'object' && reaction.status === 503) refused.add(webhook);
    return reaction;
  };
  await delay(LASTS_MS);
  receiver.react = good;
}

async function breakConfig({ gateway }: World): Promise<void> {
  const path = join(gateway.xopcHome, 'config.json');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, '{ "gateway": ');
  await delay(LASTS_MS / 4);
  writeFileSync(path, text);
}

async function changeConfig({ gateway }: World): Promise<void> {
  expect(await gateway.xopc('config', 'set', 'logs.level', 'debug')).toMatchObject({ code: 0 });
  expect(await gateway.xopc('config', 'unset', 'logs.level')).toMatchObject({ code: 0 });
}

/** Its pipe fills. */
async function suspendFollower({ follower }: World): Promise<void> {
  follower.child.kill('SIGSTOP');
  await delay(LASTS_MS);
  follower.child.kill('SIGCONT');
}

type Fault = readonly [name: string, act: (world: World) => Promise<void>];

/** They leave the worker as it is, so that it shows whether it grows. */
const QUIET: readonly Fault[] = [
  ['receiver slow', (world) => react(world, { status: 204, delayMs: 300 })],
  ['receiver down', (world) => react(world, 'drop')],
  ['configuration changed', changeConfig],
  ['receiver overloaded', (world) => react(world, { status: 503 })],
  ['follower suspended', suspendFollower],
  ['configuration broken', breakConfig],
];

const ALL: readonly Fault[] = [
  ['worker killed', killWorker],
  ['restart', (world) => restart(world)],
  ['succession', (world) => restart(world, '--force')],
  ...QUIET,
];

/** All of them twice, then the quiet ones. */
export function faultAt(number: number): Fault {
  const faults = number < 2 * ALL.length ? ALL : QUIET;
  return faults[number % faults.length]!;
}
