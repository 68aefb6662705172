-- The log replays to any moment: what a chain counts, what waits for what, and what was found are written by whoever writes
-- the row, whichever function that is. One statement, one event per row, in the same transaction.
-- Transition tables have no statistics, so the plans are told to find rows by key, as in the engine's functions.

-- What a task knows no event of its own by: events about a pipeline as a whole.
CREATE INDEX event_of_pipeline ON event(pipeline_id, seq) WHERE task_id IS NULL;

CREATE FUNCTION alai_stages(p_plan jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('stage', s->'stage', 'company', s->'company', 'tier', s->'route'->'tier') ORDER BY ord), '[]')
  FROM jsonb_array_elements(p_plan->'stages') WITH ORDINALITY x(s, ord)
$$;

CREATE FUNCTION log_chain_made() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  INSERT INTO event(type, entity, entity_id, ver, to_state, actor_kind, actor, project_id, pipeline_id, task_id, data)
  SELECT 'chain.created', 'chain', c.id::text, c.ver, c.state, 'engine', 'engine', p.project_id, c.pipeline_id, c.root_task_id,
    jsonb_build_object('root', c.root_task_id, 'generation', c.generation, 'depth', c.depth, 'stages', alai_stages(c.plan))
  FROM made c JOIN pipeline p ON p.id = c.pipeline_id ORDER BY c.id;
  RETURN NULL;
END $$;
CREATE TRIGGER log_made AFTER INSERT ON chain REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION log_chain_made();

CREATE FUNCTION log_chain_changed() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  INSERT INTO event(type, entity, entity_id, ver, actor_kind, actor, project_id, pipeline_id, task_id, data)
  SELECT 'chain.changed', 'chain', c.id::text, c.ver, 'engine', 'engine', p.project_id, c.pipeline_id, c.root_task_id,
    jsonb_build_object('cycle', c.cycle, 'rejects', c.rejects, 'mergeReturns', c.merge_returns)
      || CASE WHEN c.plan IS DISTINCT FROM w.plan THEN jsonb_build_object('stages', alai_stages(c.plan)) ELSE '{}' END
  FROM made c JOIN was w ON w.id = c.id JOIN pipeline p ON p.id = c.pipeline_id
  WHERE (c.cycle, c.rejects, c.merge_returns, c.plan) IS DISTINCT FROM (w.cycle, w.rejects, w.merge_returns, w.plan) ORDER BY c.id;
  RETURN NULL;
END $$;
CREATE TRIGGER log_changed AFTER UPDATE ON chain REFERENCING OLD TABLE AS was NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION log_chain_changed();

CREATE FUNCTION log_dependency() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  -- The engine's busiest statement names this table even when nothing waits.
  IF TG_OP = 'UPDATE' THEN
    IF NOT EXISTS (SELECT 1 FROM made) THEN RETURN NULL; END IF;
    INSERT INTO event(type, entity, entity_id, ver, actor_kind, actor, project_id, pipeline_id, task_id, data)
    SELECT CASE WHEN d.satisfied_at IS NULL THEN 'dependency.unmet' ELSE 'dependency.met' END, 'dependency',
      d.task_id || '>' || d.on_task_id, 1, 'engine', 'engine', t.project_id, t.pipeline_id, d.task_id,
      jsonb_build_object('on', d.on_task_id, 'kind', d.kind)
    FROM made d JOIN was w ON w.task_id = d.task_id AND w.on_task_id = d.on_task_id JOIN task t ON t.id = d.task_id
    WHERE (d.satisfied_at IS NULL) <> (w.satisfied_at IS NULL) ORDER BY d.task_id, d.on_task_id;
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO event(type, entity, entity_id, ver, actor_kind, actor, project_id, pipeline_id, task_id, data)
    SELECT 'dependency.added', 'dependency', d.task_id || '>' || d.on_task_id, 1, 'engine', 'engine', t.project_id, t.pipeline_id, d.task_id,
      jsonb_build_object('on', d.on_task_id, 'kind', d.kind, 'met', d.satisfied_at IS NOT NULL)
    FROM made d JOIN task t ON t.id = d.task_id ORDER BY d.task_id, d.on_task_id;
  ELSE
    INSERT INTO event(type, entity, entity_id, ver, actor_kind, actor, project_id, pipeline_id, task_id, data)
    SELECT 'dependency.removed', 'dependency', d.task_id || '>' || d.on_task_id, 1, 'engine', 'engine', t.project_id, t.pipeline_id, d.task_id,
      jsonb_build_object('on', d.on_task_id, 'kind', d.kind)
    FROM was d JOIN task t ON t.id = d.task_id ORDER BY d.task_id, d.on_task_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER log_added AFTER INSERT ON dependency REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION log_dependency();
CREATE TRIGGER log_met AFTER UPDATE ON dependency REFERENCING OLD TABLE AS was NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION log_dependency();
CREATE TRIGGER log_removed AFTER DELETE ON dependency REFERENCING OLD TABLE AS was FOR EACH STATEMENT EXECUTE FUNCTION log_dependency();

CREATE FUNCTION log_finding() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO event(type, entity, entity_id, ver, actor_kind, actor, project_id, pipeline_id, task_id, data)
    SELECT 'finding.given', 'finding', f.id::text, 1, 'engine', 'engine', t.project_id, t.pipeline_id, f.task_id,
      jsonb_build_object('to', f.mend_task_id)
    FROM made f JOIN was w ON w.id = f.id JOIN task t ON t.id = f.task_id
    WHERE f.mend_task_id IS DISTINCT FROM w.mend_task_id ORDER BY f.id;
  ELSE
    INSERT INTO event(type, entity, entity_id, ver, actor_kind, actor, project_id, pipeline_id, task_id, data)
    SELECT 'finding.made', 'finding', f.id::text, 1, 'engine', 'engine', t.project_id, t.pipeline_id, f.task_id,
      jsonb_build_object('severity', f.severity, 'title', f.title, 'to', f.mend_task_id)
    FROM made f JOIN task t ON t.id = f.task_id ORDER BY f.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER log_made AFTER INSERT ON finding REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION log_finding();
CREATE TRIGGER log_given AFTER UPDATE ON finding REFERENCING OLD TABLE AS was NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION log_finding();
