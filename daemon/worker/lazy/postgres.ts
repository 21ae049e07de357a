/** Entry of the bundle of PostgreSQL, a `PostgresModule`. It is loaded when `store.url` is set: a gateway on SQLite has none of it. */
export { postgresEngine } from '../store/postgres/engine.js';
