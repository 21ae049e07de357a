/**
 * `npm run bench`: what a person waits for and what the machine pays, each beside the least that could do the same,
 * measured in the same run. Takes about twenty minutes; writes bench-results/bench.md and bench.json.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { Gateway, root } from './gateway.mjs';
import { measureAgent } from './measure-agent.mjs';
import { measureBase } from './measure-base.mjs';
import { measureCluster } from './measure-cluster.mjs';
import { measureCron } from './measure-cron.mjs';
import { measureFollow } from './measure-follow.mjs';
import { measureMcp } from './measure-mcp.mjs';
import { measureAccept, measureScale } from './measure-messages.mjs';
import { measurePostgres } from './measure-postgres.mjs';
import { measurePage } from './page/measure-page.mjs';
import { measureSockets } from './measure-sockets.mjs';
import { measureCrash, measureRestart, measureThroughput } from './measure-service.mjs';
import { measureCommands, measureIdle, measureStart } from './measure-start.mjs';
import { killAllStarted } from './processes.mjs';
import { formatNumber, formatSummary } from './statistics.mjs';

/** Those that want a running gateway; each gets the same one. */
const ON_RUNNING = {
  commands: measureCommands,
  idle: measureIdle,
  follow: measureFollow,
  throughput: measureThroughput,
  restart: measureRestart,
  crash: measureCrash,
  cron: measureCron,
  sockets: measureSockets,
  page: measurePage,
};

/** Those that make gateways of their own. */
const ON_THEIR_OWN = {
  accept: measureAccept,
  scale: measureScale,
  agent: measureAgent,
  mcp: measureMcp,
  postgres: measurePostgres,
  cluster: measureCluster,
  base: measureBase,
};

function toMarkdown({ machine, rows }) {
  const lines = rows.map(({ name, unit, ours, floor, floorName, ratio, note }) => {
    const least = floor === undefined ? '' : `${formatSummary(floor)} ${floorName}`;
    return `| ${name} | ${unit} | ${formatSummary(ours)} | ${least} | ${ratio === undefined ? '' : formatNumber(ratio)} | ${ours.n} | ${note ?? ''} |`;
  });
  return [`${machine}`, '', '| what | unit | xopc | floor | ratio | n | |', '|---|---|---|---|---|---|---|', ...lines, ''].join('\n');
}

/** @param names  the measurements to take; all when empty. */
async function measureAll(names) {
  const isWanted = (name) => names.length === 0 || names.includes(name);
  const gateway = new Gateway();
  const rows = [];
  const take = async (name, measure) => {
    if (!isWanted(name)) return;
    process.stderr.write(`measuring ${name} ...\n`);
    rows.push(...(await measure(gateway)));
  };
  try {
    // The first start makes the home; what is measured is every later one.
    await gateway.start();
    await gateway.stop();
    await take('start', measureStart);
    await gateway.start();
    for (const [name, measure] of Object.entries(ON_RUNNING)) await take(name, measure);
    await gateway.stop();
    for (const [name, measure] of Object.entries(ON_THEIR_OWN)) await take(name, measure);
  } finally {
    await gateway.dispose();
    killAllStarted();
  }
  return rows;
}

const NAMES = ['start', ...Object.keys(ON_RUNNING), ...Object.keys(ON_THEIR_OWN)];

async function main(names) {
  const unknown = names.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`Usage: npm run bench -- [NAME ...]\nNames: ${NAMES.join(', ')}; without one, all are measured.\n`);
    process.exitCode = 2;
    return;
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}; median (min–max)`;
  const result = { at: new Date().toISOString(), machine, rows: await measureAll(names) };
  const directory = join(root, 'bench-results');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'bench.json'), `${JSON.stringify(result, undefined, 2)}\n`);
  writeFileSync(join(directory, 'bench.md'), toMarkdown(result));
  process.stdout.write(toMarkdown(result));
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    killAllStarted();
    process.exit(1);
  });
}

await main(process.argv.slice(2));
