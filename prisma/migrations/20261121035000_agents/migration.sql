-- The coding agents with a program of their own that a host's worker found: name, version, whether they can be used and why not.
ALTER TABLE host ADD COLUMN agents jsonb NOT NULL DEFAULT '[]';
