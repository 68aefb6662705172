-- Whether a failed attempt left anything changed in the files; null where nobody looked.
ALTER TABLE attempt ADD COLUMN changed boolean;
