/** What happens in the worker, for those who follow it or count it. */
import type { ChannelStatus } from '../../../shared/control/messages.js';
import type { OutgoingStatus } from '../../../shared/delivery-status.js';
import type { Fields } from '../config/config-contract.js';
import type { DoneEvent } from '../turns/turn-event.js';

/** Something that happened. Times are added when it is published. */
export type GatewayEvent =
  | { readonly type: 'session'; readonly session: string; readonly change: 'created' | 'updated' | 'deleted' }
  | {
      readonly type: 'turn';
      readonly session: string;
      readonly agentId: string;
      readonly state: 'started' | 'done' | 'aborted' | 'error';
      /** null until it is known. */
      readonly model: string | null;
      readonly usage: DoneEvent['usage'] | null;
    }
  /** One call of a model for a program that keeps its conversation itself. */
  | {
      readonly type: 'completion';
      readonly model: string;
      readonly state: 'done' | 'aborted' | 'error';
      readonly usage: DoneEvent['usage'] | null;
    }
  | {
      readonly type: 'message';
      readonly id: string;
      readonly channel: string;
      readonly accountId: string;
      readonly chat_id: string;
      readonly status: OutgoingStatus;
    }
  | { readonly type: 'channel'; readonly channel: string; readonly state: ChannelStatus['state']; readonly message: string | null }
  | {
      readonly type: 'cron';
      readonly job_id: string;
      /** `run`: a run of it has begun or ended. */
      readonly change: 'created' | 'updated' | 'deleted' | 'run';
      readonly run_id: string | null;
      /** Of the run. */
      readonly state: 'running' | 'done' | 'failed' | 'interrupted' | 'replaced' | 'skipped' | 'missed' | null;
    }
  | { readonly type: 'config'; readonly outcome: 'applied' | 'rejected'; readonly revision: string }
  /** The last one: this worker ends. */
  | { readonly type: 'draining' };

export interface FollowedEvent {
  readonly id: string;
  /** That of a {@link GatewayEvent}; or `hello`, the first in each stream; or `reset`: events are missing. */
  readonly type: string;
  readonly data: Fields;
}

export interface EventService {
  /**
   * Events from now on, or from the one after `lastEventId`; ends after `draining`, or with the signal.
   * An id that is not of this worker, or too old, gets a `reset` first.
   */
  follow(lastEventId: string | undefined, signal: AbortSignal): AsyncIterable<FollowedEvent>;
}

export interface CounterSample {
  /** By Prometheus's rules. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly values: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

export interface CounterService {
  /** What there is to count outside of HTTP. What cannot be read now is left out. */
  read(): Promise<CounterSample[]>;
}
