/** Every migration, oldest first. A released one is never changed. */
import { conversations } from './0001-conversations.js';
import { delivery } from './0002-delivery.js';
import type { Migration } from './migration.js';

export const MIGRATIONS: readonly Migration[] = [conversations, delivery];
