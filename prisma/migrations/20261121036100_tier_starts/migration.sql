-- Work of one kind that would begin on one tier begins on another, by a person's word.
CREATE TABLE tier_start (
  kind text NOT NULL,
  instead_of int NOT NULL CHECK (instead_of BETWEEN 1 AND 4),
  tier int NOT NULL CHECK (tier BETWEEN 1 AND 4 AND tier <> instead_of),
  because text NOT NULL,
  set_by text NOT NULL,
  set_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (kind, instead_of)
);
