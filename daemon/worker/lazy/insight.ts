/** Entry of the bundle that looks at the gateway for people, an `InsightModule`. The first look loads it. */
export { createMatcher } from '../../../shared/node/log/pattern-thread.js';
export { createLogService } from '../observe/logs.js';
