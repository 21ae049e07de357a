/** The mark of the page: the icon that the document has in itself, so that neither is a request of its own. */
export function Mark({ size }: { size: number }) {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  return <img src={icon?.href} alt="" width={size} height={size} />;
}
