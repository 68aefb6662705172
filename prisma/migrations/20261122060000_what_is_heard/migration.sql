-- When a process of the factory that is no host's worker was last heard of: the conductor, which else nobody would miss for a minute.
CREATE TABLE process (
  name text PRIMARY KEY,
  version text NOT NULL,
  pid int NOT NULL,
  started_at timestamptz(3) NOT NULL,
  heard_at timestamptz(3) NOT NULL
);
