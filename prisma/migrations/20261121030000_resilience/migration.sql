-- Whether a model is asked at all. One row per (host, model) that ever failed; host '*' is a service outside the hosts, and model
-- its name in providers.yaml. All workers share it; `ver` is compared before each write, so of many that see it due one may probe.
CREATE TABLE breaker(
  host text NOT NULL,
  model text NOT NULL,
  state text NOT NULL DEFAULT 'CLOSED' CHECK (state IN ('CLOSED', 'OPEN', 'HALF_OPEN')),
  ver int NOT NULL DEFAULT 1,
  -- Transient failures in the window that began at window_from.
  failures int NOT NULL DEFAULT 0,
  window_from timestamptz(3),
  -- How often it opened in a row: each time it stays open longer.
  opens int NOT NULL DEFAULT 0,
  opened_at timestamptz(3),
  -- OPEN: when one probe may be made. HALF_OPEN: when the one that probes counts as lost.
  probe_at timestamptz(3),
  probe_by text,
  code text NOT NULL DEFAULT '',
  error text NOT NULL DEFAULT '',
  -- There was no way to it: no route, no name, nobody listening.
  offline boolean NOT NULL DEFAULT false,
  changed_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (host, model),
  CHECK ((state = 'CLOSED') = (probe_at IS NULL))
);

-- What a service may be asked for per minute, as a token bucket that all workers draw from. Below zero is promised to who waits.
CREATE TABLE provider_bucket(
  provider text PRIMARY KEY,
  requests double precision NOT NULL,
  tokens double precision NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  -- The service asked to be left alone until then.
  paused_until timestamptz(3)
);

-- The models that the host's llama-server has loaded; null while it has none or did not say.
ALTER TABLE host ADD COLUMN llama jsonb;

-- Whether a choice of a route may be asked now: nothing stands open before it, or a probe of it is due.
CREATE FUNCTION alai_available(p_choice jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (
    SELECT 1 FROM breaker b WHERE b.state <> 'CLOSED' AND b.probe_at > clock_timestamp()
      AND ((b.host = p_choice->>'host' AND b.model = p_choice->>'model')
        OR (b.host = '*' AND b.model = coalesce(p_choice->>'account', p_choice->>'provider'))))
$$;
