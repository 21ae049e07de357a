/** The port to whatever runs tasks later. */

export interface ScheduledTask {
  /** Five or six cron fields, or the ISO 8601 time of a single run. */
  readonly schedule: string;
  readonly message: string;
  /** `direct` sends the message; `agent` gives it to an agent and sends the answer. */
  readonly mode: 'direct' | 'agent';
  /** IANA time zone of the cron fields. */
  readonly timezone?: string;
  /** The session in whose chat the task reports. */
  readonly sessionKey: string;
  /** The same key schedules once. */
  readonly key: string;
}

export interface TaskScheduler {
  /** @throws INVALID_REQUEST for a schedule that cannot be read or never comes */
  schedule(task: ScheduledTask): Promise<{ id: string; nextRunAt: string }>;
}
