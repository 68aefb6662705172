-- What became of an answer, and what such a stage cost before, is asked of single chains and stages among very many.
CREATE INDEX effect_chain ON effect(chain_id) WHERE chain_id IS NOT NULL;
CREATE INDEX task_done_stage ON task(stage, finished_at DESC) WHERE status = 'DONE' AND stage IS NOT NULL;
-- Few events are of work that was opened again, and they are looked for by their task.
CREATE INDEX event_reopened ON event(task_id, at) WHERE type = 'task.open';
