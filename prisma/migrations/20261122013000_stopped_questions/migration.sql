-- What a person stopped is asked about by its name: nothing failed there, and no rule lets it go on.
ALTER TABLE escalation DROP CONSTRAINT escalation_kind_check;
ALTER TABLE escalation ADD CONSTRAINT escalation_kind_check
  CHECK (kind IN ('safety', 'retries', 'quality', 'rejects', 'merge', 'question', 'consent', 'dependency', 'effect', 'minion',
    'budget', 'permission', 'plan', 'key', 'quota', 'stopped'));
UPDATE escalation SET kind = 'stopped', dedupe_key = 'stopped:t' || task_id
WHERE kind = 'retries' AND state = 'OPEN' AND task_id IS NOT NULL AND question LIKE '% stopped "%". What now?';
