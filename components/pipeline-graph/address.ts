/** The address follows the view without a round trip, so that any state of it can be shared and survives a reload. */
export function remember(values: Record<string, string | null>): void {
  const url = new URL(location.href);
  for (const [key, value] of Object.entries(values))
    if (value === null) url.searchParams.delete(key);
    else url.searchParams.set(key, value);
  if (url.href !== location.href) history.replaceState(null, '', url);
}

/** "1795280327536": a moment of the past; anything else is now. */
export const momentOf = (t: string | null): number | null => (t && /^\d{1,15}$/.test(t) ? Number(t) : null);

export interface Sight {
  x: number;
  y: number;
  zoom: number;
}
/** "-120,36,0.8": where the graph was looked at, and how near. */
export function sightOf(text: string | null): Sight | null {
  const [x, y, zoom] = (text ?? '').split(',').map(Number);
  if (x === undefined || y === undefined || zoom === undefined) return null;
  if (![x, y, zoom].every(Number.isFinite) || Math.abs(x) > 1e6 || Math.abs(y) > 1e6) return null;
  return { x, y, zoom: Math.min(1.5, Math.max(0.05, zoom)) };
}
export const sightText = (s: Sight): string => `${Math.round(s.x)},${Math.round(s.y)},${s.zoom.toFixed(2)}`;
