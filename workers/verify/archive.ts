import { createHash } from 'node:crypto';
import { unzipSync } from 'fflate';
import { z } from 'zod';
import { agentRoles } from '#server/domain/blueprint.ts';
import { checkNames, checkStates } from '#server/domain/checks.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { reportSchema } from '#server/domain/report.ts';
import { stages } from '#server/domain/status.ts';

const name = z.enum(checkNames as [(typeof checkNames)[number], ...typeof checkNames]);

/** What verification needs of a manifest; an archive may come from anywhere, so all of it is checked. */
const manifestSchema = z.object({
  task: z.object({ id: z.number(), title: z.string() }),
  git: z.object({ commit: z.string().regex(/^[0-9a-f]{40,64}$/), tree: z.string(), patchSha256: z.string() }),
  gates: z.array(
    z.object({
      step: z.string(),
      gate: z.string(),
      try: z.number(),
      ok: z.boolean(),
      detail: z.string(),
      command: z.array(z.string()).nullable(),
      exitCode: z.number().nullable(),
      tree: z.string().nullable(),
    }),
  ),
  checks: z.object({ results: z.array(z.object({ name, state: z.enum(checkStates), detail: z.string() })) }),
  inspected: z
    .object({
      stage: z.enum(stages).nullable(),
      role: z.enum(agentRoles),
      company: z.string(),
      builtBy: z.string().nullable(),
      writes: z.boolean(),
      base: z.string().regex(/^[0-9a-f]{40,64}$/),
      tree: z.string().regex(/^[0-9a-f]{40,64}$/),
      mayReport: z.boolean(),
      reported: z.array(z.string()),
      criteria: z.array(z.string()),
      earlier: z.array(z.number()),
      docsFollow: z.boolean(),
      report: reportSchema.nullable(),
      outside: z.record(z.string(), z.string()),
    })
    .nullable(),
  archive: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof manifestSchema>;

export interface Archive {
  manifest: Manifest;
  patch: string;
  bundle: Uint8Array | null;
  /** Files whose hash is not what the manifest says, or that are missing. */
  changed: string[];
}

/** What a proof cannot be without, and the two files that hold the hashes themselves. */
const NEEDED = ['GOTCHA.md', 'change.patch', 'verify/verify.sh'];
const UNLISTED = ['manifest.json', 'verify/SHA256SUMS'];
const MAX_FILES = 1_000;
const MAX_BYTES = 300_000_000;

const bad = (message: string, cause?: unknown) =>
  new AlaiError('BAD_INPUT', message, 'Download the proof of work again.', {}, cause);

/** Lets files through while they are not too many and not too large together: a small zip can hold a full disk. */
function bounded(): (file: { originalSize: number }) => boolean {
  let bytes = 0;
  let files = 0;
  return (file) => {
    bytes += file.originalSize;
    if (++files > MAX_FILES || bytes > MAX_BYTES)
      throw new Error('it unpacks to more than a proof of work is');
    return true;
  };
}

/** Opens a proof of work. Throws BAD_INPUT when it is none. */
export function openArchive(zip: Uint8Array): Archive {
  let files: Record<string, Uint8Array>;
  try {
    files = Object.fromEntries(
      Object.entries(unzipSync(zip, { filter: bounded() })).map(([path, bytes]) => [
        path.replace(/^[^/]+\//, ''),
        bytes,
      ]),
    );
  } catch (e) {
    throw bad('This is no archive of a proof of work.', e);
  }
  const text = (path: string) => new TextDecoder().decode(files[path] ?? new Uint8Array());
  let manifest: Manifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(text('manifest.json')));
  } catch (e) {
    throw bad('The manifest of this archive cannot be read.', e);
  }
  const listed = new Set(Object.keys(manifest.archive));
  const missing = NEEDED.filter((path) => !listed.has(path));
  const unknown = Object.keys(files).filter(
    (path) => !listed.has(path) && !UNLISTED.includes(path) && !path.endsWith('/'),
  );
  const changed = Object.entries(manifest.archive)
    .filter(([path, hash]) => !files[path] || createHash('sha256').update(files[path]).digest('hex') !== hash)
    .map(([path]) => path)
    .concat(missing, unknown);
  return { manifest, patch: text('change.patch'), bundle: files['source.bundle'] ?? null, changed };
}
