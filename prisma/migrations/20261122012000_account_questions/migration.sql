-- A key that is not taken and an account that is empty are asked about by their names: no work failed there.
ALTER TABLE escalation DROP CONSTRAINT escalation_kind_check;
ALTER TABLE escalation ADD CONSTRAINT escalation_kind_check
  CHECK (kind IN ('safety', 'retries', 'quality', 'rejects', 'merge', 'question', 'consent', 'dependency', 'effect', 'minion',
    'budget', 'permission', 'plan', 'key', 'quota'));
UPDATE escalation SET kind = 'key', dedupe_key = 'key:t' || task_id
WHERE kind = 'retries' AND state = 'OPEN' AND task_id IS NOT NULL AND question LIKE '%cannot be worked on: a key is not taken.%';
