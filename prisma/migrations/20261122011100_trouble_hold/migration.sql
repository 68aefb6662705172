-- How long a trouble has to last before people are told: what is only watched says so from the moment it is seen.
ALTER TABLE trouble ADD COLUMN hold_ms integer NOT NULL DEFAULT 0;
