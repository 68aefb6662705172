-- A coding agent has a breaker of its own on each host, under its name. It holds work back only where the choice has no other way
-- to be asked: its second pipeline takes over by itself.
CREATE OR REPLACE FUNCTION alai_breaks(b breaker, p_choice jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT (b.host = p_choice->>'host' AND (b.model = p_choice->>'model'
      OR (b.model = p_choice->>'provider' AND jsonb_array_length(coalesce(nullif(p_choice->'pipelines', 'null'), '[]')) < 2)))
    OR (b.host = '*' AND b.model = coalesce(p_choice->>'account', p_choice->>'provider'))
$$;

CREATE OR REPLACE FUNCTION alai_available(p_choice jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (
    SELECT 1 FROM breaker b WHERE b.state <> 'CLOSED' AND b.probe_at > clock_timestamp() AND alai_breaks(b, p_choice))
$$;
