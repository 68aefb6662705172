-- What people changed about a route, kept to be offered for similar tasks. Never applied by itself.
CREATE TABLE routing_correction (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task_id bigint NOT NULL REFERENCES task(id),
  title text NOT NULL,
  words text[] NOT NULL,
  from_company text NOT NULL,
  to_company text,
  from_complexity int NOT NULL CHECK (from_complexity BETWEEN 1 AND 5),
  to_complexity int CHECK (to_complexity BETWEEN 1 AND 5),
  actor text NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  CHECK (to_company IS NOT NULL OR to_complexity IS NOT NULL),
  UNIQUE (task_id)
);
