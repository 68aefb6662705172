import { type Catalogue, companiesFolder, type Problem } from '#server/catalogue/data.ts';
import { isAlaiError } from '#server/domain/errors.ts';
import { sameModel } from '#server/domain/host.ts';

const FILES = /\/_shared\/(?:fleet|tiers|prices|providers)\.yaml$/;

/** What is wrong in the files that say how the fleet works. The factory goes on with what they said before. */
export function fleetProblems(catalogue: () => Catalogue): Problem[] {
  try {
    return catalogue().problems.filter((p) => FILES.test(p.file));
  } catch (e) {
    // Never good since this process started, so there is nothing to go on with: the words name file and line.
    if (!isAlaiError(e)) throw e;
    const { file = companiesFolder(), line = 1 } = e.data as { file?: string; line?: number };
    return [{ file, line, message: e.message, remedy: e.hint }];
  }
}

/** Which tiers need a model of a host, in words. */
export function neededBy(catalogue: () => Catalogue): (host: string, model: string) => string[] {
  try {
    const { tiers, fleet } = catalogue();
    // Hosts that ask one server share its models: what is taken from one is taken from all of them.
    const serverOf = (name: string) => {
      const host = fleet.hosts.find((h) => h.name === name);
      return host?.ollama ?? (host?.local ? 'this machine' : name);
    };
    const rows = tiers.presets[tiers.default]?.tiers ?? [];
    return (host, model) =>
      rows
        .filter(
          (r) =>
            sameModel(r.model, model) &&
            (r.hosts.length === 0 || r.hosts.some((h) => serverOf(h) === serverOf(host))),
        )
        .map((r) => `tier ${r.tier} (${r.name})`);
  } catch {
    return () => [];
  }
}
