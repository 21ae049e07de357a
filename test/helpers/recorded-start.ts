/** A start of the gateway with everything around it real and the supervisor written down instead of run. */
import * as tools from '../../client/tools.js';
import type { StartOptions } from '../../client/gateway/start-supervisor.js';
import type { GatewayError } from '../../shared/errors.js';
import type { SupervisorOptions } from '../../shared/node/process/entry.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { answers, type Behaviour, fakeControl, sampleStatus } from '../fakes/control-socket.js';
import type { CommandLineOptions } from './command-line.js';

/** Answers `status` with `status`, a restart with `restart`. */
export function gateway(status: object, restart: Behaviour = () => undefined): Behaviour {
  return (socket, request) => {
    if (request.type === 'status' || request.type === 'token') answers({ ...sampleStatus, ...status })(socket, request);
    else restart(socket, request);
  };
}

export interface Started {
  readonly supervisors: SupervisorOptions[];
  readonly background: StartOptions[];
  readonly runtime: NonNullable<CommandLineOptions['runtime']>;
}

/** A runtime whose supervisors and background starts only write down what they were asked. */
export function recording(
  paths: GatewayPaths,
  outcome: { exitCode?: Promise<number>; error?: GatewayError; status?: object } = {},
): Started {
  const supervisors: SupervisorOptions[] = [];
  const background: Started['background'] = [];
  const serve = async (port: number): Promise<void> => {
    if (outcome.error !== undefined) throw outcome.error;
    await fakeControl(paths.controlPath, gateway({ port, urls: [`http://localhost:${port}`], ...outcome.status }));
  };
  return {
    supervisors,
    background,
    runtime: {
      loadSupervisor: () => ({
        async runSupervisor(options) {
          supervisors.push(options);
          await serve(options.flags.port ?? 0);
          options.onRunning?.({ host: '127.0.0.1', port: options.flags.port ?? 0, instanceId: 'gw_1' });
          return (await outcome.exitCode) ?? 0;
        },
      }),
      loadTools: () => ({
        ...tools,
        async startSupervisor(options) {
          background.push(options);
          await serve(options.flags.port ?? 0);
          return { ok: true, pid: 4711, instanceId: 'gw_1', host: '127.0.0.1', port: options.flags.port ?? 0 };
        },
      }),
    },
  };
}
