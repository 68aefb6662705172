-- The only task whose calls failed when the breaker began to doubt its model. It stays after the model answered others, because it is
-- then this task that waits. Null where several failed, or where nobody knows who asked.
ALTER TABLE breaker ADD COLUMN suspect bigint;
