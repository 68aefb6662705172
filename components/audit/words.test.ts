import { expect, it } from 'vitest';
import type { AuditEntry } from '#server/domain/audit.ts';
import { deed } from './words.ts';

const entry = (e: Partial<AuditEntry>): AuditEntry => ({
  ...{
    n: 1,
    hash: '',
    xid: '1',
    seq: 1,
    at: new Date(0),
    type: 'x.y',
    entity: 'task',
    entityId: '4001',
    ver: 1,
  },
  ...{
    from: null,
    to: null,
    actorKind: 'human',
    actor: 'Alem',
    reason: '',
    projectId: null,
    pipelineId: null,
  },
  ...{ taskId: null, data: {} },
  ...e,
});

it.each<[Partial<AuditEntry>, string]>([
  [
    {
      type: 'escalation.pending',
      entity: 'escalation',
      entityId: '7',
      from: 'OPEN',
      to: 'PENDING',
      data: { answer: 'send_back' },
    },
    'answered question 7: send back',
  ],
  [
    {
      type: 'escalation.pending',
      entity: 'escalation',
      entityId: '7',
      from: 'OPEN',
      to: 'PENDING',
      data: { answer: 'send_back', kind: 'budget' },
    },
    'answered question 7: raise more',
  ],
  [
    { type: 'escalation.open', entity: 'escalation', entityId: '7', from: 'PENDING', to: 'OPEN' },
    'took the answer to question 7 back',
  ],
  [{ type: 'person.invite', entity: 'person', data: { name: 'Bo' } }, 'invited Bo'],
  [{ type: 'factory.stopped', entity: 'factory' }, 'stopped the factory'],
  [{ type: 'task.cancelled', from: 'OPEN', to: 'CANCELLED' }, 'cancelled task #4001'],
  [
    { type: 'chain.cancelled', entity: 'chain', entityId: '3', from: 'ACTIVE', to: 'CANCELLED' },
    'moved chain 3 from ACTIVE to CANCELLED',
  ],
  [{ type: 'api.projects.set', entity: 'setting', entityId: 'projects.set' }, 'changed projects.set'],
])('%j reads “%s”', (e, said) => expect(deed(entry(e))).toBe(said));
