CREATE FUNCTION elapsed_ms(p_since timestamptz) RETURNS double precision LANGUAGE sql VOLATILE AS $$
  SELECT greatest(0, extract(epoch FROM clock_timestamp() - p_since) * 1000)
$$;
-- How long until a bucket that was drawn below zero is back at it, in milliseconds.
CREATE FUNCTION bucket_wait(p_requests double precision, p_per_minute double precision, p_tokens double precision,
  p_tokens_per_minute double precision, p_paused_until timestamptz) RETURNS double precision LANGUAGE sql VOLATILE AS $$
  SELECT greatest(0, -p_requests * 60000 / p_per_minute, -p_tokens * 60000 / p_tokens_per_minute,
    extract(epoch FROM p_paused_until - clock_timestamp()) * 1000)
$$;
