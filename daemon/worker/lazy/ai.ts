/**
 * Entry of the bundle for model vendors, an `AiModule`. It is loaded on first use or in idle time, because the SDK costs memory and
 * time.
 */
export { createProvider } from '../providers/create-provider.js';
