/**
 * The server allows only style elements that carry this page's nonce. Ant Design is given it through ConfigProvider;
 * a few of its small helpers (scroll locking, measuring scroll bars) make their own style elements without asking,
 * so every style element made by this code gets it. Only scripts of this origin run here, so nothing is loosened.
 */
const given = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

/** Empty where no server put one in (development). */
export const nonce = given.startsWith("__") ? "" : given;

if (nonce) {
  const plain = document.createElement.bind(document);
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const element = plain(name, options);
    if (name.toLowerCase() === "style") element.setAttribute("nonce", nonce);
    return element;
  }) as typeof document.createElement;
}
