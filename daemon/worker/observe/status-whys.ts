/** Adds to a status what its texts are for programs. The supervisor, which makes it, does not know all sentences. */
import type { GatewayHealth, StatusDocument } from '../../../shared/control/messages.js';
import { whyOf } from '../../../shared/text/sentences/known.js';

function explainHealth(health: GatewayHealth): GatewayHealth {
  return { ...health, issues: health.issues.map((issue) => ({ ...whyOf(issue.text), ...issue })) };
}

export function explainStatus(status: StatusDocument): StatusDocument {
  const { lastExit, warnings, health } = status;
  return {
    ...status,
    lastExit: lastExit && { ...whyOf(lastExit.reason), ...lastExit },
    warnings: warnings.map((warning) => ({ ...whyOf(warning.message), ...warning })),
    ...(health === undefined ? {} : { health: explainHealth(health) }),
  };
}
