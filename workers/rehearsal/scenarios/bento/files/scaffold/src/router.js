/**
 * Finds the route for a method and a path. A route's path may hold parameters: `/api/subscriptions/:id`.
 * Returns the handler and the parameters, or null.
 */
export function findRoute(routes, method, pathname) {
  const parts = pathname.split('/');
  for (const route of routes) {
    if (route.method !== method) continue;
    const wanted = route.path.split('/');
    if (wanted.length !== parts.length) continue;
    const params = {};
    const fits = wanted.every((part, i) => {
      if (!part.startsWith(':')) return part === parts[i];
      params[part.slice(1)] = parts[i];
      return parts[i] !== '';
    });
    if (fits) return { handle: route.handle, params };
  }
  return null;
}
