-- What is wrong with the fleet now, since when, and whether people were told.
CREATE TABLE trouble (
  key text PRIMARY KEY,
  severity text NOT NULL CHECK (severity IN ('urgent', 'normal')),
  title text NOT NULL,
  why text NOT NULL,
  hint text NOT NULL,
  since timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  told_at timestamptz(3)
);

-- The disk that a host's worktrees lie on, in bytes, as its worker saw it last.
ALTER TABLE host ADD COLUMN disk_free bigint, ADD COLUMN disk_total bigint;
