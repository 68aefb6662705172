import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Created } from '#server/domain/views/new-task.ts';
import type { Actor } from '#server/engine/event.ts';
import { addProject } from '#server/projects/commands.ts';
import { createSampleRepository, readSample } from '#server/projects/sample.ts';
import { createWork } from './compose.ts';
import type { Services } from './services.ts';

/** A folder of its own for each run, so that a second run starts from the seed and not from what the first one built. */
function freshFolder(home: string, name: string): string {
  const samples = path.join(home, 'samples');
  for (let n = 1; ; n++) {
    const folder = path.join(samples, n === 1 ? name : `${name}-${n}`);
    if (!existsSync(folder)) return folder;
  }
}

/** Makes the sample's repository and project, and sets its tasks off as one pipeline. */
export async function runSample(s: Services, name: string, actor: Actor): Promise<Created> {
  const sample = await readSample(name);
  const { path: folder } = await createSampleRepository(freshFolder(s.env.ALAI_HOME, name), name);
  const project = await addProject(s.db, s.env.ALAI_HOME, folder, { isSample: true });
  const input = {
    idempotencyKey: `sample-${name}-${randomUUID()}`,
    project: project.id,
    pipelineTitle: sample.title,
    tasks: sample.tasks.map((t) => ({
      ...t,
      owner: null,
      parentId: null,
      company: null,
      blueprint: null,
      tier: null,
      minion: false,
    })),
  };
  return await createWork(s, input, actor);
}
