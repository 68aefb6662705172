-- An answer that broke off says nothing of what it used, and is paid for all the same: counted by its text, and said to be so.
ALTER TABLE outside_call ADD COLUMN estimated boolean NOT NULL DEFAULT false;

CREATE OR REPLACE VIEW paid_call AS
  SELECT id, attempt_id, task_id, provider, model, tokens_in, tokens_out, tokens_cache_read, tokens_cache_write, tokens_thinking, gpu_ms,
    scripted, cost_eur, at, NULL::text purpose, false estimated FROM call
  UNION ALL
  SELECT id, NULL, NULL, provider, model, tokens_in, tokens_out, tokens_cache_read, tokens_cache_write, tokens_thinking, gpu_ms,
    scripted, cost_eur, at, purpose, estimated FROM outside_call;
