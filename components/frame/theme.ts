/** The chosen paper lives in a cookie, so that the server renders it and nothing flashes. */
export const themeCookie = 'alai-theme';

export const themeScript = `document.documentElement.dataset.theme=matchMedia('(prefers-color-scheme: light)').matches?'light':'dark'`;

/** Changes the paper now and remembers it for a year. */
export function toggleTheme(): void {
  const root = document.documentElement;
  const next = root.dataset.theme === 'light' ? 'dark' : 'light';
  root.dataset.theme = next;
  // biome-ignore lint/suspicious/noDocumentCookie: the server reads it to render the right paper; Cookie Store is not everywhere
  document.cookie = `${themeCookie}=${next}; path=/; max-age=31536000; samesite=lax`;
}
