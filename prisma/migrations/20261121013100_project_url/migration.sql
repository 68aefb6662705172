-- Where a project without a folder was cloned from. Never holds a credential.
ALTER TABLE project ADD COLUMN url text;
