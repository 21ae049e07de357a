import en from '../../i18n/en/config.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/config.json';

export const t = defineText(en, zh);
