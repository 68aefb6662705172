import { cp, mkdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { priorities } from '#server/domain/status.ts';
import { git, gitLine } from '#server/platform/git.ts';

/** The shipped sample: a seed repository and the tasks that make a product of it. */
const sampleSchema = z.strictObject({
  name: z.string(),
  title: z.string(),
  about: z.string(),
  tasks: z
    .array(
      z.strictObject({
        key: z.string(),
        title: z.string().min(1),
        description: z.string(),
        tags: z.array(z.string()),
        priority: z.enum(priorities),
        dependsOn: z.array(z.string()),
      }),
    )
    .min(1),
});
export type Sample = z.infer<typeof sampleSchema>;

// From the working directory: a bundled copy of this file (the web's) does not know where it came from.
const folderOf = (name: string) => join(process.cwd(), 'samples', name);

/** The tasks of a sample, in the order they are created; `dependsOn` names keys before it. */
export async function readSample(name = 'bento'): Promise<Sample> {
  return sampleSchema.parse(parse(await readFile(join(folderOf(name), 'sample.yaml'), 'utf8')));
}

/** Makes the sample's git repository with its first commit in `dir`, unless it is there already. Returns its head. */
export async function createSampleRepository(
  dir: string,
  name = 'bento',
): Promise<{ path: string; head: string }> {
  const o = { gitDir: join(dir, '.git'), workTree: dir, cwd: dir };
  if (!(await stat(join(dir, '.git')).catch(() => null))) {
    await mkdir(dir, { recursive: true });
    await cp(join(folderOf(name), 'seed'), dir, { recursive: true });
    // Packed under another name, because a .gitignore inside this repository would act here.
    await rename(join(dir, 'gitignore'), join(dir, '.gitignore'));
    await git(['init', '--quiet', '--template=', '--initial-branch=main', dir]);
  }
  const head = await git(['rev-parse', '--verify', '--quiet', 'HEAD'], { ...o, ok: [1, 128] });
  if (head.code === 0) return { path: dir, head: head.stdout.trim() };
  await git(['add', '--all'], o);
  const env = {
    GIT_AUTHOR_NAME: 'ALAI Mission Control',
    GIT_AUTHOR_EMAIL: 'factory@alai.invalid',
    GIT_COMMITTER_NAME: 'ALAI Mission Control',
    GIT_COMMITTER_EMAIL: 'factory@alai.invalid',
  };
  await git(['commit', '--quiet', '-m', 'Bento: the brief'], { ...o, env });
  return { path: dir, head: await gitLine(['rev-parse', 'HEAD'], o) };
}
