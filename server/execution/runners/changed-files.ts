import { AlaiError } from '#server/domain/errors.ts';
import { pipelines } from '#server/domain/pipelines.ts';
import { writeReason } from '#server/domain/role-rules.ts';
import type { ToolCall } from '#server/models/provider.ts';
import { permitPath } from '../permission.ts';
import type { RunnerInput } from './runner.ts';

/** The call as which a file that an owner's rail names waits for his word. */
export const WRITTEN = 'write';

/**
 * Looks at what an agent changed by its own tools: what it may not write is put back and ends the step, and what a rail of the
 * owner names asks him first. `hold` is told which call waits while that is asked.
 */
export async function checkFiles(
  l: RunnerInput,
  said: Record<string, unknown> | null,
  allowed: string[],
  hold: (call: ToolCall | null) => void,
): Promise<void> {
  const { step, resume: waited } = l;
  const { workspace: ws } = l.context;
  const { provider } = pipelines[l.pipeline];
  const before = await ws.treeOf(ws.head());
  const now = await ws.snapshot();
  const changed = now === before ? [] : (await ws.changes(before, now)).map((f) => f.path);
  const putBack = async (paths: string[]) => ws.restore(await ws.treeWith(now, before, paths));
  const refused = changed.filter((path) => writeReason(l.rules, path) !== null);
  if (refused.length > 0) {
    await putBack(refused);
    const why = writeReason(l.rules, refused[0] ?? '');
    throw new AlaiError(
      'TOOL_REFUSED',
      `${provider} changed what this step may not write, and it was put back: ${refused.slice(0, 5).join(', ')} (${why?.reason})`,
      why?.hint ?? '',
    );
  }
  const answer = waited?.answer;
  const asked = waited?.memory.waiting;
  const was = asked?.name === WRITTEN ? (asked.arguments as { path?: string }).path : undefined;
  for (const path of changed) {
    const mine = allowed.includes(path) || path === was;
    if (path === was && answer?.answer !== 'approve') {
      await putBack([path]);
      throw new AlaiError(
        'TOOL_REFUSED',
        `${answer?.by ?? 'nobody'} does not allow the change of ${path}; it was put back. ${answer?.note ?? ''}`.trim(),
        'The next try is told so.',
      );
    }
    const paths = [...allowed, ...(was ? [was] : [])];
    hold({ id: `${step.key}-${path}`, name: WRITTEN, arguments: { path, paths, said } });
    permitPath({ ...l.tools, allowed: () => mine }, path, `Change ${path}`);
    hold(null);
  }
}
