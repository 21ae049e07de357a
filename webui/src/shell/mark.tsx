/** The page's logo: the icon embedded in the document, so that neither needs a separate request. */
export function Mark({ size }: { size: number }) {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  return <img src={icon?.href} alt="" width={size} height={size} />;
}
