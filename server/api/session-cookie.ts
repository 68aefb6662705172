/**
 * The name of the session's cookie. Browsers share cookies between the ports of one machine, so copies that run side by side
 * must not use the same name, or signing in to one signs out of the other.
 */
export function sessionCookieName(port: string | number | undefined): string {
  return `alai-session-${port ?? 3052}`;
}
