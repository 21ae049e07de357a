/** Adds the machine-readable form to the gateway's own texts if their author did not. */
import type { GatewayHealth, StatusDocument } from '../../../shared/api/gateway/status.js';
import type { GatewayError } from '../../../shared/errors.js';
import { knownSentence, whyOf } from '../../../shared/text/sentences/known.js';

function explainHealth(health: GatewayHealth): GatewayHealth {
  return { ...health, issues: health.issues.map((issue) => ({ ...whyOf(issue.text), ...issue })) };
}

/** Adds it to a status, because the supervisor does not know all sentences. */
export function explainStatus(status: StatusDocument): StatusDocument {
  const { lastExit, warnings, health } = status;
  return {
    ...status,
    lastExit: lastExit && { ...whyOf(lastExit.reason), ...lastExit },
    warnings: warnings.map((warning) => ({ ...whyOf(warning.message), ...warning })),
    ...(health === undefined ? {} : { health: explainHealth(health) }),
  };
}

/** Returns further details of an error: the code of its message. */
export function detailsFor({ spec, details, message }: GatewayError): object {
  const isExplained = !spec.expose || details?.['code'] !== undefined;
  return { ...(isExplained ? undefined : knownSentence(message)) };
}
