/** The status of a message, as a dot and words. */
import type { OutgoingDocument } from '../../../../shared/api/messages.js';
import { StatusDot, type Tone } from '../../components/status-dot/status-dot.js';
import { t } from './text.js';

type Status = OutgoingDocument['status'];

const TONES: Readonly<Record<Status, Tone>> = {
  queued: 'off',
  sending: 'busy',
  retry_wait: 'warning',
  unknown: 'warning',
  dead: 'bad',
  delivered: 'good',
};

export function DeliveryStatus({ status }: { status: Status }) {
  return <StatusDot tone={TONES[status]}>{t(`status_${status}`)}</StatusDot>;
}
