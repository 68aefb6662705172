import { z } from 'zod';

/** The public registry, which lockfiles name also where a mirror answers for it. */
export const NPM_REGISTRY = 'https://registry.npmjs.org/';

const entrySchema = z.object({
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
  inBundle: z.boolean().optional(),
});
export type LockEntry = z.infer<typeof entrySchema>;

/** What both the checks and the installation read of a package-lock.json. */
export const lockEntriesSchema = z.object({ packages: z.record(z.string(), entrySchema) });

/**
 * The entries of a lockfile that do not come from one of these registries with an integrity. A lockfile may be an
 * agent's: an address of its choice would carry out whatever it put into it, and hand in whatever answers there.
 */
export function strangersIn(packages: Record<string, LockEntry>, registries: string[]): string[] {
  const installed = Object.entries(packages).filter(
    ([path, p]) => path.includes('node_modules/') && !p.link && !p.inBundle,
  );
  return installed.filter(([, p]) => !isFrom(p, registries)).map(([path]) => path);
}

function isFrom({ resolved, integrity }: LockEntry, registries: string[]): boolean {
  if (resolved?.startsWith('file:')) return true;
  if (!integrity) return false;
  // npm's omit-lockfile-registry-resolved: it asks the registry it is given, for what the integrity says.
  if (resolved === undefined) return true;
  const from = registries.find((r) => resolved.startsWith(r));
  return (
    from !== undefined && /^(?:@[\w.~-]+\/)?[\w.~-]+\/-\/[\w.~-]+\.tgz$/.test(resolved.slice(from.length))
  );
}
