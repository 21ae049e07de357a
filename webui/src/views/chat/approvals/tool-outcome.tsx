/** Shows that a call was denied or has expired; any other outcome stays as the conversation shows it. */
import type { ComponentChildren } from 'preact';
import { approvals } from '../../../api/approvals.js';
import { Badge } from '../../../components/status-dot/status-dot.js';
import { findRefusal, type ToolCall } from './find-refusal.js';
import { t } from './text.js';

interface OutcomeProps {
  readonly session: string;
  readonly call: ToolCall;
  readonly children: ComponentChildren;
}

export function ToolOutcome({ session, call, children }: OutcomeProps) {
  const own = approvals.value.filter((approval) => approval.session === session);
  const refusal = findRefusal(own, call);
  return refusal === undefined ? <>{children}</> : <Badge>{t(`tool_${refusal}`)}</Badge>;
}
