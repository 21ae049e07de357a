/**
 * Entry of the bundle that speaks to model vendors, an `AiModule`. It is loaded when it is first needed or in idle time,
 * because the SDK costs memory and time.
 */
export { createProvider } from '../providers/create-provider.js';
