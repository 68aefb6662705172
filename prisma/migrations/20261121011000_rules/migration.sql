-- The prompt of each step exactly as it was sent, part by part, with secrets masked.
CREATE TABLE step_prompt (
  attempt_id bigint NOT NULL REFERENCES attempt(id),
  step_key   text   NOT NULL,
  at         timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  model      text   NOT NULL,
  context    int    NOT NULL,
  parts      jsonb  NOT NULL,
  PRIMARY KEY (attempt_id, step_key)
);
COMMENT ON TABLE step_prompt IS 'What an agent was told when its step began; what was shortened later stands in the transcript.';

-- What an MCP server offered when somebody looked; another digest disables it until a human accepts it.
CREATE TABLE mcp_server (
  company     text NOT NULL,
  name        text NOT NULL,
  digest      text NOT NULL,
  tools       jsonb NOT NULL,
  seen_digest text,
  seen_tools  jsonb,
  problem     text,
  seen_at     timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  accepted_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  accepted_by text NOT NULL,
  PRIMARY KEY (company, name)
);
COMMENT ON COLUMN mcp_server.digest IS 'SHA-256 over name, description and input schema of its tools, as accepted';
COMMENT ON COLUMN mcp_server.seen_digest IS 'Set while the server offers something else than what was accepted';
