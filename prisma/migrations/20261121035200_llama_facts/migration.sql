-- What the model of a host's llama-server can do, found by one small question, because its protocol does not say:
-- [{name, capabilities, context, at}].
ALTER TABLE host ADD COLUMN llama_facts jsonb NOT NULL DEFAULT '[]';
