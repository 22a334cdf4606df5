-- Hosts that are protected, and as what: the name of a version. One without a row is not.
CREATE TABLE host_protection (
  host BIGINT PRIMARY KEY, version @text NOT NULL, opened_at BIGINT NOT NULL);
