-- The nineteen checks as they came out, one row for each check of each try; bound to the tree they looked at.
CREATE TABLE check_result (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  attempt_id bigint NOT NULL REFERENCES attempt(id),
  task_id bigint NOT NULL REFERENCES task(id),
  step_key text NOT NULL,
  try_number int NOT NULL CHECK (try_number > 0),
  name text NOT NULL,
  state text NOT NULL CHECK (state IN ('pass', 'fail', 'not applicable', 'pending')),
  blocking boolean NOT NULL CHECK (NOT blocking OR state = 'fail'),
  detail text NOT NULL,
  command text[],
  ms int NOT NULL,
  tree text NOT NULL,
  evidence_hash text REFERENCES blob(hash),
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (attempt_id, step_key, try_number, name)
);
CREATE INDEX check_result_task ON check_result(task_id);
