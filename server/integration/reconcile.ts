import type { IntegrationPlan } from '#server/domain/attempt.ts';
import { git } from '#server/platform/git.ts';

/**
 * After a crash between plan and answer: did the push land? The project's own bare repository knows. `done` when the
 * branch holds the new commit, `not-done` otherwise.
 */
export async function reconcile(bareRepository: string, p: IntegrationPlan): Promise<'done' | 'not-done'> {
  const o = { gitDir: bareRepository };
  const there = await git(['cat-file', '-e', `${p.newSha}^{commit}`], { ...o, ok: [1, 128] });
  if (there.code !== 0) return 'not-done';
  const r = await git(['merge-base', '--is-ancestor', p.newSha, `refs/heads/${p.branch}`], {
    ...o,
    ok: [1, 128],
  });
  return r.code === 0 ? 'done' : 'not-done';
}
