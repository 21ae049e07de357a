import { Command } from 'clipanion';
import { resolvePaths } from '../../../shared/node/process/paths.js';
import { ListCommand } from '../../cli/list-command.js';
import { type HomeGateway, listHomeGateways } from '../../gateway/home-gateways.js';
import type { GatewayLocation } from '../../gateway/locate-gateway.js';
import { recordOf } from '../../service/files/install-record.js';

/** The known facts about a gateway that does not answer. */
const STATES: Readonly<Record<Exclude<GatewayLocation['kind'], 'answers'>, string>> = {
  absent: 'stopped',
  starting: 'starting',
  silent: 'not responding',
  foreign: 'on another machine',
};

export class GatewayListCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'List the gateways of this home.',
    details: `
      Each configuration is a gateway of its own, with its own port, token, sessions, jobs and log. Gateways that run are listed, and
      configurations that have data in this home. \`--config\` says which one another command means.
    `,
    examples: [
      ['As a table', 'xopc gateway list'],
      ['The configurations of those that run', `xopc gateway list --json | jq -r '.gateways[] | select(.running).configPath'`],
    ],
  });

  protected async run(): Promise<number> {
    this.io.findPaths();
    const found = await listHomeGateways(this.io.gatewayPaths, this.io.environment.runtimeDir);
    for (const { message, hint } of found.problems) await this.io.note([message, ...(hint === undefined ? [] : [hint])].join('\n  '));
    const gateways = found.gateways.map((gateway) => this.#describe(gateway));
    const rows = gateways.map(({ configPath, state, port, pid, service, dataDir }) => [
      configPath,
      state,
      port === null ? '-' : String(port),
      pid === null ? '-' : String(pid),
      service ?? '-',
      dataDir,
    ]);
    return this.printTable(
      { gateways },
      {
        columns: { CONFIGURATION: Infinity, STATE: Infinity, PORT: Infinity, PID: Infinity, SERVICE: Infinity, DATA: Infinity },
        rows,
        none: 'There is no gateway in this home yet. Start one with: xopc gateway',
      },
    );
  }

  #describe({ configPath, dataDir, location }: HomeGateway) {
    const { home } = this.io.gatewayPaths;
    const paths = resolvePaths({ home, configPath, dataDir, runtimeDir: this.io.environment.runtimeDir });
    const service = recordOf(paths)?.plan.name ?? null;
    const running = location.kind !== 'absent';
    const process = location.kind === 'answers' ? location.status : running ? location.lock : undefined;
    return {
      configPath,
      running,
      state: location.kind === 'answers' ? location.status.state : STATES[location.kind],
      host: process?.host ?? null,
      port: process?.port ?? null,
      pid: process?.pid ?? null,
      service,
      dataDir,
    };
  }
}
