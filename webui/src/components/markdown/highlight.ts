/** Colours for code, loaded when the first code is shown. */
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import css from 'highlight.js/lib/languages/css';
import go from 'highlight.js/lib/languages/go';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const languages = { bash, css, go, java, javascript, json, python, rust, sql, typescript, xml, yaml };
for (const [name, define] of Object.entries(languages)) hljs.registerLanguage(name, define);

/** Longer code is shown plain: colouring it would take longer than a frame. */
const MAX_LENGTH = 50_000;

/** Colours the text of an element, including text appended since the last time. */
export function highlight(element: HTMLElement): void {
  const language = element.className.replace('language-', '');
  const text = element.textContent ?? '';
  if (hljs.getLanguage(language) === undefined || text.length > MAX_LENGTH || element.dataset['coloured'] === `${text.length}`) return;
  element.dataset['coloured'] = `${text.length}`;
  // Its output is only text and spans; everything is escaped.
  const holder = new DOMParser().parseFromString(hljs.highlight(text, { language }).value, 'text/html');
  element.replaceChildren(...holder.body.childNodes);
}
