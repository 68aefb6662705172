import type { StatusView } from '#server/domain/views/status.ts';
import { Chip } from './mark.tsx';
import { Age } from './time.tsx';

/** Shape, word, age, and when the agent was last heard, of a task or node. */
export function StatusChip({ status }: { status: StatusView }) {
  return (
    <Chip shape={status.look} word={status.word} pill>
      {status.since ? (
        <span>
          · <Age since={status.since} />
        </span>
      ) : null}
      {status.heardAt && status.look === 'running' ? (
        <span>
          · heard <Age since={status.heardAt} /> ago
        </span>
      ) : null}
    </Chip>
  );
}
