-- A question about the budget of all work is about no single task.
ALTER TABLE escalation DROP CONSTRAINT escalation_check;
ALTER TABLE escalation ADD CONSTRAINT escalation_subject CHECK (kind = 'budget' OR num_nonnulls(task_id, chain_id, effect_id) >= 1);
-- Why a queued task is not given out, for what it waits, and until when nobody looks at it again.
ALTER TABLE task
  ADD COLUMN wait_for text,
  ADD COLUMN wait_why text,
  ADD COLUMN wait_until timestamptz(3),
  ADD CONSTRAINT task_wait CHECK (num_nonnulls(wait_for, wait_why, wait_until) IN (0, 3));
