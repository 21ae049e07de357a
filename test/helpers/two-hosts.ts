/**
 * Two hosts with a cable between them: network namespaces of the test's own (Linux, root), each with its own loopback.
 * Nothing of it is seen from outside, and nothing in it reaches another machine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { runProcess } from './real-gateway.js';

/** Addresses of RFC 5737, which no real host has. */
export const HERE = '192.0.2.10';
export const ELSEWHERE = '192.0.2.20';

export interface Host {
  readonly address: string;
  /** What runs a command on this host when put in front of it. */
  readonly prefix: readonly [string, ...string[]];
}

/** @returns why there can be no such hosts, to be named by the test that is skipped */
export function whyNoHosts(): string | undefined {
  if (process.platform !== 'linux') return `network namespaces are Linux's; this is ${process.platform}`;
  try {
    execFileSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `this Linux gives no network namespace: ${(error as Error).message.trim()}`;
  }
}

/** @returns a process in a network namespace of its own, which ends with the test */
export async function openNamespace(): Promise<ChildProcess> {
  // It lives until its input ends, with the test's process at the latest.
  const child = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo up && exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.stdin.end());
  await once(child.stdout, 'data');
  return child;
}

/** @returns what runs a command in the namespace of that process when put in front of it */
export function enter({ pid }: ChildProcess): readonly [string, ...string[]] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`, '--'];
}

export async function connectTwoHosts(): Promise<{ here: Host; elsewhere: Host }> {
  const [first, second] = await Promise.all([openNamespace(), openNamespace()]);
  const ends = [
    { child: first, name: 'cable0', address: HERE },
    { child: second, name: 'cable1', address: ELSEWHERE },
  ];
  const ns = (child: ChildProcess): string => `/proc/${child.pid}/ns/net`;
  execFileSync('ip', ['link', 'add', 'cable0', 'netns', ns(first), 'type', 'veth', 'peer', 'name', 'cable1', 'netns', ns(second)]);
  for (const { child, name, address } of ends) {
    const [command, ...rest] = enter(child);
    execFileSync(command, [...rest, 'ip', 'addr', 'add', `${address}/24`, 'dev', name]);
    execFileSync(command, [...rest, 'ip', 'link', 'set', name, 'up']);
  }
  return {
    here: { address: HERE, prefix: enter(first) },
    elsewhere: { address: ELSEWHERE, prefix: enter(second) },
  };
}

/** Sends GET requests from a host, one after the other. @returns the status of each answer, or the code of its failure */
export async function askFrom(
  host: Host,
  asks: readonly { url: string; headers?: Record<string, string> }[],
): Promise<(number | string)[]> {
  const script = `
    const { request } = require('node:http');
    const ask = ({ url, headers }) => new Promise((resolve) => request(url, { headers, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    }).on('error', (error) => resolve(error.code)).end());
    (async () => {
      const results = [];
      for (const one of JSON.parse(process.argv[1])) results.push(await ask(one));
      console.log(JSON.stringify(results));
    })();`;
  const outcome = await runProcess(host.prefix, [process.execPath, '-e', script, JSON.stringify(asks)], { env: {} }).done;
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  return JSON.parse(outcome.stdout) as (number | string)[];
}
