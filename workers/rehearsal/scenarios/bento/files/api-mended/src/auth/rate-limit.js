import { HttpError } from '../http.js';

/** Allows `limit` failures for a key within `minutes`; after that the key has to wait. */
export function createRateLimit({ limit = 5, minutes = 15, now = () => new Date() } = {}) {
  const failures = new Map();
  const recent = (key) => {
    const since = now().getTime() - minutes * 60_000;
    const times = (failures.get(key) ?? []).filter((at) => at > since);
    if (times.length === 0) failures.delete(key);
    else failures.set(key, times);
    return times;
  };
  return {
    check(key) {
      if (recent(key).length >= limit) throw new HttpError(429, 'Too many tries. Please wait a quarter of an hour.');
    },
    failed(key) {
      failures.set(key, [...recent(key), now().getTime()]);
    },
    succeeded(key) {
      failures.delete(key);
    },
  };
}
