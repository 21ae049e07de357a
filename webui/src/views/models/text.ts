import en from '../../i18n/en/models.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/models.json';

export const t = defineText(en, zh);
