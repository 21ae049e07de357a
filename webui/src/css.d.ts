/** Style sheets are imported only for their effect; the build collects them. */
declare module '*.css';

/** Values that the build puts in (bin/bundle/page-pack.mjs). */
interface ImportMeta {
  readonly env: { readonly XOPC_PAGE_DESIGN: boolean };
}
