-- What a human may change of work that no agent has begun: leave a queued task out, or let it wait for something else again.
CREATE OR REPLACE TRIGGER guard_move BEFORE UPDATE OF status ON task FOR EACH ROW
  WHEN (OLD.status <> NEW.status AND OLD.status || '>' || NEW.status NOT IN (
    'OPEN>QUEUED', 'OPEN>NEEDS_HUMAN', 'OPEN>DONE', 'OPEN>SKIPPED', 'OPEN>CANCELLED',
    'QUEUED>RUNNING', 'QUEUED>NEEDS_HUMAN', 'QUEUED>CANCELLED', 'QUEUED>OPEN', 'QUEUED>SKIPPED',
    'RUNNING>QUEUED', 'RUNNING>NEEDS_HUMAN', 'RUNNING>DONE', 'RUNNING>CANCELLED',
    'NEEDS_HUMAN>OPEN', 'NEEDS_HUMAN>DONE', 'NEEDS_HUMAN>FAILED', 'NEEDS_HUMAN>CANCELLED',
    'DONE>OPEN', 'FAILED>OPEN', 'CANCELLED>OPEN'))
  EXECUTE FUNCTION guard_move('task');
