-- Cut, not rounded: these columns keep milliseconds, and rounding up puts what is due now up to half a millisecond into the
-- future, so that the look that follows at once misses it.
ALTER TABLE trouble ALTER COLUMN since SET DEFAULT date_trunc('milliseconds', clock_timestamp());
ALTER TABLE notice_delivery ALTER COLUMN next_at SET DEFAULT date_trunc('milliseconds', clock_timestamp());
