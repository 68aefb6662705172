import { readCatalogue } from '#server/catalogue/data.ts';
import { lanesOf } from '#server/catalogue/fleet.ts';
import { declareHosts } from '#server/engine/hosts.ts';
import type { Db } from '#server/platform/db.ts';

let known: { of: object; at: number } | undefined;
/** Told again now and then, so that a row that somebody else wrote is as the file says. */
const AGAIN = 60_000;

/** What fleet.yaml says, into the rows that everybody reads. Returns the hosts that changed. */
export async function declareFleet(db: Db, drainMs: number): Promise<string[]> {
  const { fleet } = readCatalogue();
  if (known?.of === fleet && Date.now() - known.at < AGAIN) return [];
  const changed = await declareHosts(
    db,
    fleet.hosts.map((h) => ({
      name: h.name,
      label: h.label,
      slots: h.slots,
      memoryGb: h.memory_gb,
      local: h.local,
      ollama: h.ollama,
      llamaServer: h.llama_server,
      standBy: h.stand_by,
      models: h.models,
      lanes: lanesOf(h),
    })),
    drainMs,
  );
  known = { of: fleet, at: Date.now() };
  return changed;
}
