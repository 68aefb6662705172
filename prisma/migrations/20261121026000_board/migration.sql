-- The board asks for what lives and for what ended within a day; both must not depend on how much there ever was.
CREATE INDEX chain_live ON chain(id) WHERE state IN ('ACTIVE', 'NEEDS_HUMAN', 'ACCEPTED');
CREATE INDEX chain_over ON chain(finished_at DESC) WHERE state IN ('FINISHED', 'CANCELLED');
CREATE INDEX task_over_alone ON task(finished_at DESC) WHERE chain_id IS NULL AND finished_at IS NOT NULL;
