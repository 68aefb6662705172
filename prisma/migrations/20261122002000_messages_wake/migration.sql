-- A message only wakes a worker, which chooses by the rows: how urgent a task is stands there and nowhere else.
DROP FUNCTION alai_queue(bigint[], text, text, text, text, text);
ALTER TABLE outbox DROP COLUMN priority;
CREATE FUNCTION alai_queue(p_task bigint[], p_from text, p_actor_kind text, p_actor text, p_reason text, p_host text DEFAULT NULL)
RETURNS TABLE(task_id bigint, dispatch int, host text) LANGUAGE plpgsql
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
    UPDATE task t SET status = 'QUEUED', dispatch = t.dispatch + 1, host = cand.lane, queued_at = clock_timestamp(), ver = t.ver + 1,
      waiting_since = CASE WHEN t.status = 'QUEUED' THEN coalesce(t.waiting_since, t.queued_at) ELSE clock_timestamp() END,
      wait_for = CASE WHEN t.status = 'QUEUED' THEN t.wait_for END, wait_why = CASE WHEN t.status = 'QUEUED' THEN t.wait_why END,
      wait_until = CASE WHEN t.status = 'QUEUED' THEN t.wait_until END
    FROM cand WHERE t.id = cand.id AND cand.lane IS NOT NULL
    RETURNING t.id, t.dispatch, t.host, t.ver, t.project_id, t.pipeline_id, cand.status was
  ), ev AS (
    INSERT INTO event(type, entity, entity_id, ver, from_state, to_state, actor_kind, actor, reason, project_id, pipeline_id, task_id, data)
    SELECT CASE WHEN was = 'QUEUED' THEN 'task.relaned' ELSE 'task.queued' END, 'task', id::text, ver, was, 'QUEUED',
      p_actor_kind, p_actor, p_reason, project_id, pipeline_id, id, jsonb_build_object('host', host, 'dispatch', dispatch)
    FROM moved
  )
  INSERT INTO outbox(task_id, dispatch, host) SELECT id, dispatch, host FROM moved
  RETURNING task_id, dispatch, host;
END $$;
