/** What programs need of approvals that do not load the schemas of the API. */

/** `cancelled`: its turn ended before anybody decided. `expired`: nobody decided in time. */
export const APPROVAL_STATES = ['pending', 'approved', 'denied', 'expired', 'cancelled'] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

/** For which calls of the tool an approval counts from now on. */
export const REMEMBER = ['session', 'agent'] as const;
export type Remember = (typeof REMEMBER)[number];
