/** Entry of the bundle that puts cron expressions into words, a `CronWords`. The first preview loads it. */
import 'cronstrue/locales/zh_CN';

export { toString as describe } from 'cronstrue';
