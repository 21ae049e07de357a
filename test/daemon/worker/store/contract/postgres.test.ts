import { newEngine } from '../../../../helpers/store-engine.js';
import { describeStore } from './store-contract.js';

describeStore('PostgreSQL', {
  create: () => newEngine(),
  diskFull: () => Object.assign(new Error('could not extend file'), { severity: 'ERROR', code: '53100' }),
});
