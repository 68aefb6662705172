-- How often a process had to be started again lately is looked up every two seconds.
CREATE INDEX event_restarts ON event(at) WHERE type = 'process.restarted';
