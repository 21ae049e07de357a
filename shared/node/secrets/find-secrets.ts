/** Finds the secrets in a configuration or models document, so that a redactor knows them by value. */

/** The keys under which the documents keep secrets; the values of all `headers` may be some, too. */
const SECRET_KEY = /(?:api[-_]?key|token|secret|passw(?:or)?d|passphrase|private[-_]?key|credentials?|authorization|cookie)$/i;
/** A hosted webhook's URL is a secret by its path; host and scheme stay readable in the log. */
const URL_KEY = /^url$/i;
const MIN_URL_PATH_LENGTH = 16;

function secretPathOf(url: string): string[] {
  const path = URL.canParse(url) ? new URL(url) : undefined;
  const secret = path === undefined ? '' : path.pathname + path.search;
  return secret.length >= MIN_URL_PATH_LENGTH ? [secret] : [];
}

/** Every secret in a document of plain JSON, at any depth; a value that still is `${VAR}` is none. */
export function findSecrets(document: unknown, key = ''): string[] {
  if (typeof document === 'string') {
    if (/^\$\{\w+\}$/.test(document)) return [];
    if (URL_KEY.test(key)) return secretPathOf(document);
    return SECRET_KEY.test(key) ? [document] : [];
  }
  if (typeof document !== 'object' || document === null) return [];
  if (Array.isArray(document)) return document.flatMap((item) => findSecrets(item, key));
  const isHeaders = /^headers$/i.test(key);
  return Object.entries(document).flatMap(([name, value]) => findSecrets(value, isHeaders ? 'authorization' : name));
}
