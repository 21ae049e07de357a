import { Command } from 'clipanion';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../shared/errors.js';
import { ListCommand } from '../../cli/list-command.js';
import { requireGateway } from '../../gateway/locate-gateway.js';
import { formatDuration } from '../../output/duration.js';

export class GatewayNodesCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Gateway',
    description: 'List the gateways that share the PostgreSQL database.',
    details: `
      SETTINGS stands for agents, channels and models, in this order: nodes with the same ones show the same value. A node that does not renew its place for
      15 seconds is removed, and the others take over its work.
    `,
    examples: [
      ['As a table', 'xopc gateway nodes'],
      ['Their addresses', `xopc gateway nodes --json | jq -r '.nodes[].address'`],
    ],
  });

  protected async run(): Promise<number> {
    const { status } = await requireGateway(this.io.gatewayPaths);
    const nodes = status.nodes ?? [];
    if (nodes.length === 0) refuseUnknown(status);
    const nowMs = Date.now();
    const ago = (at: string): string => `${formatDuration(Math.max(0, nowMs - Date.parse(at)))} ago`;
    const rows = nodes.map(({ name, version, address, since, renewedAt, settings, isSelf }) => [
      isSelf ? `${name} (this one)` : name,
      version,
      address ?? '-',
      ago(since),
      ago(renewedAt),
      settings,
    ]);
    return this.printTable(
      { nodes },
      {
        columns: { NODE: Infinity, VERSION: Infinity, ADDRESS: Infinity, STARTED: Infinity, RENEWED: Infinity, SETTINGS: Infinity },
        rows,
        none: 'This gateway stores its data in a file of its own. Several share a PostgreSQL database: docs/cluster.md',
      },
    );
  }
}

/** @throws STORE_UNAVAILABLE, WORKER_NOT_READY when nothing is known of other nodes */
function refuseUnknown({ warnings, ready, state }: StatusDocument): void {
  const code = 'STORE_UNAVAILABLE';
  const unavailable = warnings.find((warning) => warning.code === code);
  if (unavailable !== undefined) throw new GatewayError(code, { message: unavailable.message, hint: unavailable.hint ?? 'xopc doctor' });
  if (ready) return;
  throw new GatewayError('WORKER_NOT_READY', {
    message: `the nodes are not known: the gateway's worker is not ready (${state})`,
    hint: 'Check again with: xopc gateway status',
  });
}
