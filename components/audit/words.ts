import { answerName } from '#server/domain/answers.ts';
import type { AuditEntry } from '#server/domain/audit.ts';
import { answers, escalationKinds } from '#server/domain/views/queue.ts';

const verbs: Record<string, string> = {
  'session.begin': 'signed in',
  'session.end': 'ended a session',
  'session.end-others': 'ended the other sessions',
  'person.invite': 'invited',
  'person.link': 'made a sign-in link for',
  'person.role': 'changed the role of',
  'person.disable': 'locked out',
  'person.enable': 'let in again',
  'token.create': 'made an API token',
  'token.revoke': 'revoked an API token',
  'factory.stopped': 'stopped the factory',
  'factory.resumed': 'resumed the factory',
  'budget.set': 'set the budget',
  'tier.start': 'chose where to begin with',
  'budget.warned': 'warned of the budget',
  'host.paused': 'paused host',
  'host.draining': 'drained host',
  'host.stopped': 'stopped host',
  'host.resumed': 'resumed host',
  'host.restarted': 'restarted host',
  'process.restarted': 'started again',
  'pipeline.created': 'opened pipeline',
  'task.created': 'created task',
  'task.edited': 'edited task',
  'task.cancelled': 'cancelled task',
  'mcp.accepted': 'accepted an MCP server of',
};

/** What an answer is called, by the kind of its question; entries from before that was kept have none. */
function nameOf(data: Record<string, unknown>): string {
  const answer = answers.find((a) => a === data.answer);
  const kind = escalationKinds.find((k) => k === data.kind);
  return answer ? answerName(kind, answer).name.toLowerCase() : '';
}

/** What somebody did, as a sentence without its subject: "approved question 12", "moved task 4001 to CANCELLED". */
export function deed(e: AuditEntry): string {
  const data = e.data as Record<string, unknown>;
  const name = typeof data.name === 'string' ? data.name : '';
  if (e.type.startsWith('api.')) return `changed ${e.type.slice(4)}`;
  if (e.entity === 'person') {
    const verb = verbs[e.type] ?? e.type;
    return [verb, name].filter(Boolean).join(' ');
  }
  if (e.entity === 'escalation' && e.to === 'PENDING')
    return `answered question ${e.entityId}: ${nameOf(data)}`;
  if (e.entity === 'escalation' && e.from === 'PENDING' && e.to === 'OPEN')
    return `took the answer to question ${e.entityId} back`;
  const verb = verbs[e.type];
  if (verb)
    return e.entity === 'factory' ? verb : `${verb} ${e.entity === 'task' ? `#${e.entityId}` : e.entityId}`;
  const subject = e.entity === 'task' ? `task #${e.entityId}` : `${e.entity.replace('_', ' ')} ${e.entityId}`;
  if (e.from && e.to) return `moved ${subject} from ${e.from} to ${e.to}`;
  if (e.to) return `set ${subject} to ${e.to}`;
  return `${e.type.split('.')[1]?.replace(/[-_]/g, ' ') ?? e.type} ${subject}`;
}
