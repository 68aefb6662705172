-- Money is counted in euro, and a call says all that it was paid for.
ALTER TABLE attempt RENAME COLUMN cost_usd TO cost_eur;
ALTER TABLE call RENAME COLUMN cost_usd TO cost_eur;
ALTER TABLE attempt
  ADD COLUMN tokens_cache_read bigint NOT NULL DEFAULT 0,
  ADD COLUMN tokens_cache_write bigint NOT NULL DEFAULT 0,
  ADD COLUMN tokens_thinking bigint NOT NULL DEFAULT 0,
  ADD COLUMN gpu_ms bigint NOT NULL DEFAULT 0;
ALTER TABLE call
  ADD COLUMN tokens_cache_read bigint NOT NULL DEFAULT 0,
  ADD COLUMN tokens_cache_write bigint NOT NULL DEFAULT 0,
  ADD COLUMN tokens_thinking bigint NOT NULL DEFAULT 0,
  -- How long a local model worked for it; 0 where somebody else's machine did.
  ADD COLUMN gpu_ms bigint NOT NULL DEFAULT 0;

-- What may be spent: of a task and a pipeline as long as they live, of a company and a project in a month, of all in a day and in a
-- month. Key '' is what counts for each that has none of its own; without any row the stated default counts.
CREATE TABLE budget(
  scope text NOT NULL CHECK (scope IN ('task', 'pipeline', 'company', 'project', 'day', 'month')),
  key text NOT NULL DEFAULT '',
  limit_eur numeric(12, 6) NOT NULL CHECK (limit_eur >= 0),
  set_by text NOT NULL,
  set_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (scope, key)
);
-- What was spent and is promised in one period of one budget. The row is the lock: who wants to spend changes it or is refused.
CREATE TABLE budget_use(
  scope text NOT NULL,
  key text NOT NULL,
  period date NOT NULL,
  spent_eur numeric(14, 6) NOT NULL DEFAULT 0,
  reserved_eur numeric(14, 6) NOT NULL DEFAULT 0,
  -- Given on top of the budget for this period only, by who answered the question.
  raised_eur numeric(12, 6) NOT NULL DEFAULT 0,
  warned_at timestamptz(3),
  PRIMARY KEY (scope, key, period),
  CHECK (spent_eur >= 0 AND reserved_eur >= 0 AND raised_eur >= 0)
);
-- The admission ticket of one attempt: what it was expected to cost and take, and what is still promised to it.
CREATE TABLE ticket(
  task_id bigint NOT NULL REFERENCES task,
  dispatch int NOT NULL,
  attempt_id bigint UNIQUE REFERENCES attempt,
  forecast_eur numeric(12, 6) NOT NULL,
  forecast_ms bigint,
  load_ms bigint NOT NULL DEFAULT 0,
  -- How many earlier attempts the forecast stands on; 0 is a guess from the limits.
  forecast_from int NOT NULL,
  reserved_eur numeric(12, 6) NOT NULL CHECK (reserved_eur >= 0),
  uses jsonb NOT NULL,
  made_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz(3),
  PRIMARY KEY (task_id, dispatch)
);
CREATE INDEX ticket_open ON ticket(made_at) WHERE closed_at IS NULL;

-- Gives back what a ticket still holds. An attempt ends in many places; none of them may keep money that nobody spends any more.
-- Whoever touches money first locks the day, which all tickets of a day share: so no two can wait for each other.
CREATE FUNCTION close_ticket(p_task bigint, p_dispatch int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  places jsonb;
  held numeric;
BEGIN
  SELECT uses INTO places FROM ticket WHERE task_id = p_task AND dispatch = p_dispatch AND closed_at IS NULL;
  IF places IS NULL THEN RETURN; END IF;
  PERFORM 1 FROM budget_use b JOIN jsonb_to_recordset(places) p(scope text, key text, period date)
    ON p.scope = 'day' AND b.scope = p.scope AND b.key = p.key AND b.period = p.period FOR UPDATE OF b;
  SELECT reserved_eur INTO held FROM ticket WHERE task_id = p_task AND dispatch = p_dispatch AND closed_at IS NULL FOR UPDATE;
  IF held IS NULL THEN RETURN; END IF;
  UPDATE ticket SET closed_at = clock_timestamp(), reserved_eur = 0 WHERE task_id = p_task AND dispatch = p_dispatch;
  UPDATE budget_use b SET reserved_eur = greatest(0, b.reserved_eur - held)
    FROM jsonb_to_recordset(places) p(scope text, key text, period date)
    WHERE held > 0 AND b.scope = p.scope AND b.key = p.key AND b.period = p.period;
END $$;

CREATE FUNCTION close_ticket_of_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM close_ticket(task_id, dispatch) FROM ticket WHERE attempt_id = NEW.id AND closed_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER close_ticket AFTER UPDATE OF state ON attempt FOR EACH ROW
  WHEN (NEW.state IN ('SUCCEEDED', 'FAILED', 'YIELDED', 'LOST', 'TIMED_OUT', 'CANCELLED') AND OLD.state IS DISTINCT FROM NEW.state)
  EXECUTE FUNCTION close_ticket_of_attempt();
