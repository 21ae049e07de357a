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

/** In turn; the quiet ones leave a worker time to show whether it grows. */
export const FAULTS: readonly [string, (world: World) => Promise<void>][] = [
  ['worker killed', killWorker],
  ['receiver slow', (world) => react(world, { status: 204, delayMs: 300 })],
  ['restart', (world) => restart(world)],
  ['receiver down', (world) => react(world, 'drop')],
  ['configuration changed', changeConfig],
  ['receiver overloaded', (world) => react(world, { status: 503 })],
  ['follower suspended', suspendFollower],
  ['configuration broken', breakConfig],
  ['succession', (world) => restart(world, '--force')],
];
