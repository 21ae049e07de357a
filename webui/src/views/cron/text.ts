import en from '../../i18n/en/cron.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/cron.json';

export const t = defineText(en, zh);
