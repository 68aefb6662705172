-- What an agent knew when its step had to wait: the next attempt goes on from it. One per step, replaced by a later wait.
CREATE TABLE step_memory(
  step_id bigint PRIMARY KEY REFERENCES step,
  attempt_id bigint NOT NULL REFERENCES attempt,
  escalation_id bigint REFERENCES escalation,
  memory jsonb NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
