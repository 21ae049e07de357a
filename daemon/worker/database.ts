/** Entry of the bundle that the command line loads for `backup` and `restore`, a `DatabaseModule`: the store without a worker. */
export { copyDatabase, prepareDatabase } from './store/database-copy.js';
