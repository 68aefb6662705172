-- The hot path of the engine: each function is one statement for its caller, takes arrays, and writes its events.
-- A stale fence returns 'stale' and never aborts the batch. No function waits on anything but rows.
--
-- Planning one of these statements takes longer than running it, so they are plpgsql with generic plans: a connection plans
-- each once. That plan may be made while a table is empty and run when it is large, so it must find its rows by key:
-- * no sequential and no bitmap scans (a bitmap scan also never marks the index entries of dead rows, and would re-read all
--   that ever was live);
-- * a state is compared in a way no index can serve (`IS TRUE`) where the row is known by its id, or the planner may walk the
--   index over all rows in that state.

-- The lane a queued task waits in: the first choice of its tier whose host is live and has room, else the first live, else the first.
CREATE FUNCTION alai_lane(p_route jsonb, p_tier int) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT c.v->>'host'
  FROM jsonb_array_elements(p_route->'choices') WITH ORDINALITY c(v, ord)
  LEFT JOIN host h ON h.name = c.v->>'host'
  WHERE (c.v->>'tier')::int = p_tier AND c.v->>'host' IS NOT NULL
  ORDER BY (h.state = 'LIVE' AND h.last_seen > now() - interval '60 s') DESC NULLS LAST,
    ((SELECT count(*) FROM attempt a WHERE a.host = h.name AND a.state IN ('LEASED', 'RUNNING'))
      + (SELECT count(*) FROM task t WHERE t.host = h.name AND t.status = 'QUEUED') < h.slots) DESC NULLS LAST,
    c.ord
  LIMIT 1
$$;

-- Queue tasks: OPEN ones that may start, RUNNING ones whose attempt has ended, QUEUED ones that change their lane or lost their
-- message. Returns what has to be published after commit.
-- p_from is the state they must still be in once locked: a task that was claimed since the caller looked stays as it is.
CREATE FUNCTION alai_queue(p_task bigint[], p_from text, p_actor_kind text, p_actor text, p_reason text, p_host text DEFAULT NULL)
RETURNS TABLE(task_id bigint, dispatch int, host text, priority text) LANGUAGE plpgsql
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH cand AS (
    SELECT t.id, t.status, coalesce(p_host,
        CASE WHEN jsonb_array_length(t.route->'choices') = 1 THEN t.route->'choices'->0->>'host' ELSE alai_lane(t.route, t.tier) END) lane
    FROM task t
    WHERE t.id = ANY(p_task) AND (t.status = p_from) IS TRUE AND t.unmet = 0 AND t.route IS NOT NULL
      AND (t.stage IS NULL OR t.project_id IS NOT NULL)
      AND (t.route->'held' IS NULL OR t.route->'held' = 'null'::jsonb OR t.approved_digest IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.task_id = t.id AND a.state IN ('LEASED', 'RUNNING'))
    ORDER BY t.id FOR NO KEY UPDATE OF t
  ), moved AS (
    UPDATE task t SET status = 'QUEUED', dispatch = t.dispatch + 1, host = cand.lane, queued_at = clock_timestamp(), ver = t.ver + 1
    FROM cand WHERE t.id = cand.id AND cand.lane IS NOT NULL
    RETURNING t.id, t.dispatch, t.host, t.priority, t.ver, t.project_id, t.pipeline_id, cand.status was
  ), ev AS (
    INSERT INTO event(type, entity, entity_id, ver, from_state, to_state, actor_kind, actor, reason, project_id, pipeline_id, task_id, data)
    SELECT CASE WHEN was = 'QUEUED' THEN 'task.relaned' ELSE 'task.queued' END, 'task', id::text, ver, was, 'QUEUED',
      p_actor_kind, p_actor, p_reason, project_id, pipeline_id, id, jsonb_build_object('host', host, 'dispatch', dispatch)
    FROM moved
  )
  INSERT INTO outbox(task_id, dispatch, host, priority) SELECT id, dispatch, host, priority FROM moved
  RETURNING task_id, dispatch, host, priority;
END $$;

-- Claim queued tasks for workers. result: ok, stale (dispatch moved on or not queued), stopped, draining, no_slot.
CREATE FUNCTION alai_claim(p_task bigint[], p_dispatch int[], p_host text[], p_worker uuid[], p_lease_ms int, p_deadline_ms int)
RETURNS TABLE(task_id bigint, result text, attempt_id bigint, fence bigint, n int, slot int) LANGUAGE plpgsql
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  stopped boolean;
BEGIN
  -- Claims of one host take turns, so that two of them never pick the same slot.
  PERFORM 1 FROM host WHERE name = ANY(p_host) ORDER BY name FOR NO KEY UPDATE;
  SELECT engaged INTO stopped FROM kill_switch WHERE scope = 'factory';
  RETURN QUERY
  WITH want AS (
    SELECT u.t, u.d, u.h, u.w, u.ord, row_number() OVER (PARTITION BY u.t ORDER BY u.ord) = 1 AS first
    FROM unnest(p_task, p_dispatch, p_host, p_worker) WITH ORDINALITY u(t, d, h, w, ord)
  ), locked AS (
    SELECT k.id, k.dispatch, k.status, k.generation, k.attempts, k.tier, k.route, k.host
    FROM task k WHERE k.id = ANY(p_task) ORDER BY k.id FOR NO KEY UPDATE
  ), seen AS (
    SELECT want.*, l.generation, l.attempts, l.tier, l.route, h.state,
      coalesce(want.first AND l.status = 'QUEUED' AND l.dispatch = want.d AND l.host = want.h, false) fresh
    FROM want LEFT JOIN locked l ON l.id = want.t LEFT JOIN host h ON h.name = want.h
  ), ok AS (
    SELECT seen.*, row_number() OVER (PARTITION BY seen.h ORDER BY seen.ord) rn
    FROM seen WHERE fresh AND NOT stopped AND state = 'LIVE'
  ), free AS MATERIALIZED (
    -- As many free slots as there may be claims: an idle host with many slots looks at one.
    SELECT h.name h, f.slot, f.rn
    FROM host h CROSS JOIN LATERAL (
      SELECT s.slot, row_number() OVER () rn FROM generate_series(1, h.slots) s(slot)
      WHERE NOT EXISTS (SELECT 1 FROM attempt a WHERE a.host = h.name AND a.slot = s.slot AND a.state IN ('LEASED', 'RUNNING'))
      LIMIT cardinality(p_task)) f
    WHERE h.name = ANY(p_host)
  ), ins AS (
    INSERT INTO attempt(task_id, generation, n, worker_id, host, slot, model, provider, tier, worktree, lease_until, deadline)
    SELECT ok.t, ok.generation, ok.attempts + 1, ok.w, ok.h, free.slot,
      coalesce(c.v->>'model', 'none'), coalesce(c.v->>'provider', 'ollama'), coalesce(ok.tier, 1),
      'minion/' || ok.t || '-' || (ok.attempts + 1),
      clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0), clock_timestamp() + make_interval(secs => p_deadline_ms / 1000.0)
    FROM ok JOIN free ON free.h = ok.h AND free.rn = ok.rn LEFT JOIN LATERAL (
      SELECT v FROM jsonb_array_elements(ok.route->'choices') v
      WHERE v->>'host' = ok.h AND (v->>'tier')::int = ok.tier LIMIT 1) c ON true
    RETURNING id, task_id, fence, n, slot, host, model, tier
  ), upd AS (
    UPDATE task k SET status = 'RUNNING', attempts = k.attempts + 1, host = ins.host, ver = k.ver + 1,
      started_at = coalesce(k.started_at, clock_timestamp())
    FROM ins WHERE k.id = ins.task_id
    RETURNING k.id, k.ver, k.project_id, k.pipeline_id, k.generation, k.steps,
      ins.id attempt, ins.n, ins.host, ins.slot, ins.model, ins.tier
  ), st AS (
    INSERT INTO step(task_id, generation, key, ord)
    SELECT upd.id, upd.generation, s.key, s.ord FROM upd CROSS JOIN LATERAL unnest(upd.steps) WITH ORDINALITY s(key, ord)
    ON CONFLICT (task_id, generation, iteration, key) DO NOTHING
  ), ev AS (
    INSERT INTO event(type, entity, entity_id, ver, from_state, to_state, actor_kind, actor, project_id, pipeline_id, task_id, data)
    SELECT 'task.running', 'task', upd.id::text, upd.ver, 'QUEUED', 'RUNNING', 'worker', upd.host, upd.project_id, upd.pipeline_id, upd.id,
      jsonb_build_object('attempt', upd.attempt, 'n', upd.n, 'host', upd.host, 'slot', upd.slot, 'model', upd.model, 'tier', upd.tier)
    FROM upd
    UNION ALL
    SELECT 'attempt.leased', 'attempt', upd.attempt::text, 1, NULL, 'LEASED', 'worker', upd.host, upd.project_id, upd.pipeline_id, upd.id,
      jsonb_build_object('n', upd.n, 'slot', upd.slot)
    FROM upd
  )
  SELECT seen.t, CASE WHEN ins.id IS NOT NULL THEN 'ok' WHEN stopped THEN 'stopped' WHEN NOT seen.fresh THEN 'stale'
      WHEN seen.state IS DISTINCT FROM 'LIVE' THEN 'draining' ELSE 'no_slot' END,
    ins.id, ins.fence, ins.n, ins.slot
  FROM seen LEFT JOIN ins ON ins.task_id = seen.t AND seen.first
  ORDER BY seen.ord;
END $$;

-- LEASED -> RUNNING, and the first step that is not done starts.
CREATE FUNCTION alai_start(p_attempt bigint[], p_fence bigint[], p_sandboxed boolean[])
RETURNS TABLE(attempt_id bigint, result text, step_id bigint) LANGUAGE plpgsql
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH inp AS (SELECT * FROM unnest(p_attempt, p_fence, p_sandboxed) WITH ORDINALITY u(a, f, s, ord)),
  att AS (
    UPDATE attempt x SET state = 'RUNNING', ver = x.ver + 1, sandboxed = inp.s, heard_at = clock_timestamp(), last_progress_at = clock_timestamp()
    FROM inp WHERE x.id = inp.a AND x.fence = inp.f AND (x.state = 'LEASED') IS TRUE
    RETURNING x.id, x.task_id, x.generation, x.ver, x.host, inp.ord
  ), known AS (
    SELECT att.*, t.pipeline_id, t.project_id, f.id first
    FROM att JOIN task t ON t.id = att.task_id LEFT JOIN LATERAL (
      SELECT s.id FROM step s WHERE s.task_id = att.task_id AND s.generation = att.generation AND s.state = 'PENDING'
      ORDER BY s.iteration, s.ord LIMIT 1) f ON true
  ), st AS (
    UPDATE step s SET state = 'RUNNING', attempt_id = known.id, ver = s.ver + 1
    FROM known WHERE s.id = known.first
    RETURNING s.id, s.key, s.ver, known.host, known.task_id, known.pipeline_id, known.project_id, known.ord
  ), ev AS (
    INSERT INTO event(type, entity, entity_id, ver, from_state, to_state, actor_kind, actor, task_id, pipeline_id, project_id, data)
    SELECT 'attempt.running', 'attempt', id::text, ver, 'LEASED', 'RUNNING', 'worker', host, task_id, pipeline_id, project_id, '{}'::jsonb
    FROM known
    UNION ALL
    SELECT 'step.running', 'step', id::text, ver, 'PENDING', 'RUNNING', 'worker', host, task_id, pipeline_id, project_id,
      jsonb_build_object('key', key)
    FROM st
  )
  SELECT inp.a, CASE WHEN att.id IS NULL THEN 'stale' ELSE 'ok' END, st.id
  FROM inp LEFT JOIN att ON att.ord = inp.ord LEFT JOIN st ON st.ord = inp.ord ORDER BY inp.ord;
END $$;

-- A step is done and the next one starts. Asking again after a lost answer says 'ok' again.
CREATE FUNCTION alai_checkpoint(p_attempt bigint[], p_fence bigint[], p_step bigint[], p_commit text[], p_tree text[], p_output jsonb[], p_lease_ms int)
RETURNS TABLE(step_id bigint, result text, next_step bigint) LANGUAGE plpgsql
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH inp AS (
    SELECT * FROM unnest(p_attempt, p_fence, p_step, p_commit, p_tree, p_output) WITH ORDINALITY u(a, f, s, c, t, o, ord)
  ), att AS (
    UPDATE attempt x SET last_progress_at = clock_timestamp(), heard_at = clock_timestamp(),
      lease_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0)
    FROM inp WHERE x.id = inp.a AND x.fence = inp.f AND (x.state = 'RUNNING') IS TRUE
    RETURNING x.id, x.task_id, x.host
  ), dn AS (
    UPDATE step s SET state = 'DONE', ver = s.ver + 1, done_at = clock_timestamp(), commit = inp.c, tree = inp.t, output = inp.o
    FROM inp JOIN att ON att.id = inp.a
    WHERE s.id = inp.s AND s.task_id = att.task_id AND s.attempt_id = att.id AND s.state = 'RUNNING'
    RETURNING s.id, s.task_id, s.generation, s.iteration, s.ord, s.key, s.ver, s.attempt_id, att.host
  ), nx AS (
    UPDATE step s SET state = 'RUNNING', attempt_id = dn.attempt_id, ver = s.ver + 1
    FROM dn WHERE s.task_id = dn.task_id AND s.generation = dn.generation AND s.iteration = dn.iteration AND s.ord = dn.ord + 1
      AND s.state = 'PENDING'
    RETURNING s.id, s.task_id, s.key, s.ver, dn.host, dn.id after
  ), ev AS (
    INSERT INTO event(type, entity, entity_id, ver, from_state, to_state, actor_kind, actor, task_id, data)
    SELECT 'step.done', 'step', id::text, ver, 'RUNNING', 'DONE', 'worker', host, task_id, jsonb_build_object('key', key) FROM dn
    UNION ALL
    SELECT 'step.running', 'step', id::text, ver, 'PENDING', 'RUNNING', 'worker', host, task_id, jsonb_build_object('key', key) FROM nx
  )
  SELECT inp.s, CASE WHEN dn.id IS NOT NULL THEN 'ok'
      WHEN att.id IS NOT NULL AND (SELECT d.attempt_id FROM step d WHERE d.id = inp.s AND d.state = 'DONE') = inp.a THEN 'ok'
      ELSE 'stale' END, nx.id
  FROM inp LEFT JOIN att ON att.id = inp.a LEFT JOIN dn ON dn.id = inp.s LEFT JOIN nx ON nx.after = inp.s ORDER BY inp.ord;
END $$;

-- Attempts succeed, their tasks are done, and tasks that waited for them are counted down (a fan-in row once per batch).
-- The chain's next stage is the caller's business, in the same transaction.
CREATE FUNCTION alai_advance(p_attempt bigint[], p_fence bigint[], p_verdict text[], p_head text[], p_report jsonb[])
RETURNS TABLE(attempt_id bigint, result text, task_id bigint, chain_id bigint, pipeline_id bigint, released bigint[]) LANGUAGE plpgsql
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH inp AS (SELECT * FROM unnest(p_attempt, p_fence, p_verdict, p_head, p_report) WITH ORDINALITY u(a, f, v, h, r, ord)),
  att AS (
    UPDATE attempt x SET state = 'SUCCEEDED', ver = x.ver + 1, ended_at = clock_timestamp()
    FROM inp WHERE x.id = inp.a AND x.fence = inp.f AND (x.state = 'RUNNING') IS TRUE
      -- Not as a join, which could read every step that is not done.
      AND (SELECT count(*) FROM step s WHERE s.task_id = x.task_id AND s.generation = x.generation AND s.state <> 'DONE') = 0
    RETURNING x.id, x.task_id, x.ver, x.host, inp.v, inp.h, inp.r
  ), tk AS (
    UPDATE task t SET status = 'DONE', verdict = att.v, head = coalesce(att.h, t.head), report = att.r, finished_at = clock_timestamp(),
      feedback = '', ver = t.ver + 1
    FROM att WHERE t.id = att.task_id AND (t.status = 'RUNNING') IS TRUE
    RETURNING t.id, t.chain_id, t.pipeline_id, t.project_id, t.ver, att.host, att.v
  ), dep AS (
    UPDATE dependency d SET satisfied_at = clock_timestamp()
    FROM tk WHERE d.on_task_id = tk.id AND d.kind = 'done' AND d.satisfied_at IS NULL
    RETURNING d.task_id
  ), agg AS (
    SELECT dep.task_id, count(*)::int c FROM dep GROUP BY 1
  ), waiting AS (
    SELECT w.id FROM task w JOIN agg ON agg.task_id = w.id ORDER BY w.id FOR NO KEY UPDATE OF w
  ), rel AS (
    UPDATE task w SET unmet = w.unmet - agg.c FROM waiting JOIN agg ON agg.task_id = waiting.id WHERE w.id = waiting.id
    RETURNING w.id, w.unmet
  ), ev AS (
    INSERT INTO event(type, entity, entity_id, ver, from_state, to_state, actor_kind, actor, project_id, pipeline_id, task_id, data)
    SELECT 'attempt.succeeded', 'attempt', att.id::text, att.ver, 'RUNNING', 'SUCCEEDED', 'worker', att.host,
      tk.project_id, tk.pipeline_id, att.task_id, '{}'::jsonb
    FROM att LEFT JOIN tk ON tk.id = att.task_id
    UNION ALL
    SELECT 'task.done', 'task', tk.id::text, tk.ver, 'RUNNING', 'DONE', 'engine', tk.host, tk.project_id, tk.pipeline_id, tk.id,
      jsonb_build_object('verdict', tk.v)
    FROM tk
  )
  SELECT inp.a, CASE WHEN tk.id IS NULL THEN 'stale' ELSE 'ok' END, tk.id, tk.chain_id, tk.pipeline_id,
    CASE WHEN inp.ord = 1 THEN (SELECT array_agg(rel.id) FROM rel WHERE rel.unmet = 0) END
  FROM inp LEFT JOIN att ON att.id = inp.a LEFT JOIN tk ON tk.id = att.task_id ORDER BY inp.ord;
END $$;

-- A pipeline's state follows from its tasks. Called in the transaction that moved one of them; touches a row only when it changes.
CREATE FUNCTION alai_derive(p_pipeline bigint[]) RETURNS void LANGUAGE plpgsql
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
BEGIN
  WITH want AS MATERIALIZED (
    -- Not EXISTS, which the planner may answer from one pass over all tasks.
    SELECT p.id, p.state was, CASE
      WHEN (SELECT 1 FROM task t WHERE t.pipeline_id = p.id AND t.status IN ('QUEUED', 'RUNNING') LIMIT 1) = 1 THEN 'RUNNING'
      WHEN (SELECT 1 FROM task t WHERE t.pipeline_id = p.id AND t.status = 'NEEDS_HUMAN' LIMIT 1) = 1 THEN 'NEEDS_HUMAN'
      WHEN (SELECT 1 FROM chain c WHERE c.pipeline_id = p.id AND c.state = 'NEEDS_HUMAN' LIMIT 1) = 1 THEN 'NEEDS_HUMAN'
      WHEN (SELECT 1 FROM task t WHERE t.pipeline_id = p.id AND t.status = 'OPEN' LIMIT 1) = 1 THEN 'OPEN'
      WHEN (SELECT 1 FROM task t WHERE t.pipeline_id = p.id AND t.status = 'FAILED' LIMIT 1) = 1 THEN 'FAILED'
      WHEN (SELECT 1 FROM task t WHERE t.pipeline_id = p.id AND t.status = 'DONE' LIMIT 1) = 1 THEN 'DONE'
      ELSE 'CANCELLED' END state
    FROM pipeline p WHERE p.id = ANY(p_pipeline)
  ), upd AS (
    UPDATE pipeline p SET state = want.state, ver = p.ver + 1,
      finished_at = CASE WHEN want.state IN ('DONE', 'FAILED', 'CANCELLED') THEN clock_timestamp() END
    FROM want WHERE p.id = want.id AND want.state <> want.was AND p.state <> want.state
    RETURNING p.id, p.ver, p.project_id, p.state, want.was
  )
  INSERT INTO event(type, entity, entity_id, ver, from_state, to_state, actor_kind, actor, project_id, pipeline_id)
  SELECT 'pipeline.' || lower(state), 'pipeline', id::text, ver, was, state, 'engine', 'engine', project_id, id FROM upd;
END $$;

-- Attempts are heard of; 'stale' ones have lost their lease and must stop.
CREATE FUNCTION alai_heartbeat(p_attempt bigint[], p_fence bigint[], p_progress timestamptz[], p_lease_ms int)
RETURNS TABLE(attempt_id bigint, result text) LANGUAGE sql AS $$
  WITH inp AS (SELECT * FROM unnest(p_attempt, p_fence, p_progress) u(a, f, p)),
  att AS (
    UPDATE attempt x SET heard_at = clock_timestamp(), last_progress_at = greatest(x.last_progress_at, inp.p),
      lease_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0)
    FROM inp WHERE x.id = inp.a AND x.fence = inp.f AND x.state IN ('LEASED', 'RUNNING') RETURNING x.id
  )
  SELECT inp.a, CASE WHEN att.id IS NULL THEN 'stale' ELSE 'ok' END FROM inp LEFT JOIN att ON att.id = inp.a
$$;
