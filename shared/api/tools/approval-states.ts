/** The parts of approvals needed by programs that do not load the API's schemas. */

/** `cancelled`: its turn ended before anybody decided. `expired`: nobody decided in time. */
export const APPROVAL_STATES = ['pending', 'approved', 'denied', 'expired', 'cancelled'] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

/** Which later calls of the tool an approval covers. */
export const REMEMBER = ['session', 'agent'] as const;
export type Remember = (typeof REMEMBER)[number];

/** How the result of a tool call begins that was not run, for example because a person denied it. */
export const NOT_RUN = 'not run: ';
