/** Scheduled jobs as the API gives them. */
import { GatewayError } from '../../../shared/errors.js';

export interface CronJob {
  readonly id: string;
  readonly name: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly nextRunAt: string | null;
}

/** The path of one job. @throws USAGE for what cannot be an id */
export function jobPath(id: string): string {
  if (/^[\w.-]{1,128}$/.test(id)) return `/api/cron/${id}`;
  throw new GatewayError('USAGE', { message: `'${id}' is no job id`, hint: 'See them with: xopc cron list' });
}

export function describeJob({ id, enabled, nextRunAt }: CronJob): string {
  return enabled ? `${id} next run ${nextRunAt ?? 'never'}` : `${id} disabled`;
}
