import en from '../../i18n/en/logs.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/logs.json';

export const t = defineText(en, zh);
