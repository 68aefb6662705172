-- A merged change can be taken back: the effect it was merged by, and the task that takes it back.
ALTER TABLE effect DROP CONSTRAINT effect_kind_check;
ALTER TABLE effect ADD CONSTRAINT effect_kind_check CHECK (kind IN ('integrate', 'revert'));
ALTER TABLE task ADD COLUMN reverts bigint REFERENCES effect(id);
CREATE UNIQUE INDEX one_live_revert ON task(reverts)
  WHERE reverts IS NOT NULL AND status IN ('OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN');

-- The result of a minion waits on its branch until a human merges or discards it.
ALTER TABLE escalation DROP CONSTRAINT escalation_kind_check;
ALTER TABLE escalation ADD CONSTRAINT escalation_kind_check
  CHECK (kind IN ('safety', 'retries', 'rejects', 'merge', 'question', 'consent', 'dependency', 'effect', 'minion'));

-- How accepted work meets the project's branch.
ALTER TABLE project ADD COLUMN merge text NOT NULL DEFAULT 'merge-commit'
  CHECK (merge IN ('fast-forward', 'merge-commit', 'branch'));
