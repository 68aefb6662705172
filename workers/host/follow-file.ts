import { type FleetHost, readCatalogue } from '#server/catalogue/data.ts';
import { every } from '../conductor/every.ts';

interface Follow {
  host: FleetHost;
  everyMs: number;
  /** Its model server is elsewhere: what was learned of the old one is worth nothing. */
  onMoved: () => void;
  read?: () => readonly FleetHost[];
}

/**
 * Looks whether fleet.yaml names another model server for this host; slots, memory and lanes are read from the row that the conductor
 * writes. A file that is broken says what it said before.
 */
export function followFile(f: Follow): { stop(): void } {
  const read = f.read ?? (() => readCatalogue().fleet.hosts);
  return every(
    f.everyMs,
    async () => {
      const now = read().find((h) => h.name === f.host.name);
      // Taken out of the file: the conductor drains it.
      if (!now) return;
      if (now.ollama !== f.host.ollama || now.llama_server !== f.host.llama_server) f.onMoved();
    },
    () => {},
  );
}
