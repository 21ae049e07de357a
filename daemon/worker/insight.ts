/** Entry of the bundle that looks at the gateway for people, an `InsightModule`. The first look loads it. */
export { createLogService } from './services/logs.js';
