import type { LogEntry } from '#server/domain/views/replay.ts';
import { plain } from '../ui/plain.ts';

const taskWords: Record<string, string> = {
  created: 'written',
  routed: 'routed',
  edited: 'edited',
  queued: 'queued',
  relaned: 'moved to another host',
  running: 'claimed',
  needs_human: 'asks you',
  open: 'open again',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  skipped: 'skipped',
  tier: 'moves a tier up',
  round: 'goes another round',
  amended: 'waits for something else',
};
const words: Record<string, (e: LogEntry) => string> = {
  'dependency.added': (e) => `waits for #${String(e.data.on)}`,
  'dependency.met': (e) => `has what it waited for: #${String(e.data.on)}`,
  'dependency.unmet': (e) => `waits for #${String(e.data.on)} again`,
  'dependency.removed': (e) => `no longer waits for #${String(e.data.on)}`,
  'finding.made': (e) => `finding: ${plain(String(e.data.title ?? ''))}`,
  'finding.given': (e) => `finding given to #${String(e.data.to)}`,
  'escalation.open': (e) => `asks: ${plain(String(e.data.question ?? ''))}`,
  'escalation.pending': (e) => `${plain(e.actor)} answers`,
  'escalation.answered': () => 'answer takes effect',
  'escalation.withdrawn': () => 'question withdrawn',
  'chain.created': () => 'chain begins',
  'chain.changed': (e) => `cycle ${String(e.data.cycle)}`,
  'chain.accepted': () => 'accepted',
  'chain.finished': () => 'chain finished',
  'chain.needs_human': () => 'chain asks you',
  'chain.cancelled': () => 'chain cancelled',
};

/** "#4001 done": one event in a few words. */
export function eventWords(e: LogEntry): string {
  const [entity, what = ''] = e.type.split('.');
  const subject = e.taskId === null ? '' : `#${e.taskId} `;
  const said = words[e.type]?.(e);
  if (said) return `${subject}${said}`;
  if (entity === 'task')
    return `${subject}${e.data.verdict === 'reject' && what === 'done' ? 'rejects' : (taskWords[what] ?? what)}`;
  if (entity === 'attempt') return `${subject}attempt ${what.replace(/_/g, ' ')}`;
  return `${subject}${entity} ${what.replace(/_/g, ' ')}`;
}

/** The event of a moment that says most: what became of a task, before what it set off. */
export function headline(entries: readonly LogEntry[]): LogEntry | undefined {
  const weight = (e: LogEntry) =>
    [
      'task.done',
      'task.failed',
      'task.cancelled',
      'task.skipped',
      'task.running',
      'task.needs_human',
    ].indexOf(e.type) >= 0
      ? 0
      : e.entity === 'escalation' || e.type.startsWith('chain.')
        ? 1
        : e.entity === 'task'
          ? 2
          : 3;
  return entries.reduce<LogEntry | undefined>(
    (best, e) => (best && weight(best) <= weight(e) ? best : e),
    undefined,
  );
}
