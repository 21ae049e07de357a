/** What `status` does, apart from the parsing of its command line. */
import type { StatusDocument } from '../../shared/control/messages.js';
import { type ErrorDocument, GatewayError } from '../../shared/errors.js';
import type { CommandIo } from '../cli/command-io.js';
import { requireGateway } from './locate-gateway.js';
import { renderStatus, statusExitCode } from '../output/status-text.js';
import { hasInstallRecord } from '../service/install-record.js';

/** Where a service is installed it is what to start, not a gateway beside it. */
async function ask(io: CommandIo): Promise<StatusDocument> {
  try {
    return (await requireGateway(io.gatewayPaths)).status;
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'NOT_RUNNING' || !hasInstallRecord(io.gatewayPaths.home)) throw error;
    const hint = 'Start the service with: xopc gateway service-start';
    throw new GatewayError('NOT_RUNNING', { message: error.message, hint, cause: error });
  }
}

/** What the supervisor cannot know: whether the service would start it again as it is. */
function withServiceWarnings(io: CommandIo, status: StatusDocument): StatusDocument {
  if (!hasInstallRecord(io.gatewayPaths.home)) return status;
  const warnings = io.context.runtime.loadServiceTools().serviceWarnings(io.gatewayPaths);
  return { ...status, warnings: [...status.warnings, ...warnings] };
}

/** Until a worker has told its token, the one that it will load. */
async function readHint(io: CommandIo, told: string | null): Promise<string | null> {
  if (told !== null) return told;
  const { readTokenHint } = await import('./gateway-settings.js');
  return readTokenHint(io.gatewayPaths, io.environment);
}

/** @returns the exit code */
export async function reportStatus(io: CommandIo): Promise<number> {
  const status = withServiceWarnings(io, await ask(io));
  if (io.json) await io.printJson({ running: true, ...status });
  else {
    const tokenHint = await readHint(io, status.auth.tokenHint);
    await io.printLine(renderStatus(status, { tokenHint, nowMs: Date.now(), paint: io.out.paint }));
  }
  return statusExitCode(status);
}

/** Fields beside `error` in the JSON form of a failure. */
export function statusFailureFields({ code }: ErrorDocument): Record<string, unknown> {
  if (code === 'NOT_RUNNING') return { running: false };
  return code === 'STILL_STARTING' || code === 'CONTROL_UNREACHABLE' ? { running: true } : {};
}
