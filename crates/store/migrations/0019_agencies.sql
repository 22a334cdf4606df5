-- Agencies: what an account lends of its rights to another one (or to its own users), and the policies it lends.
-- version: grows with everything that may end what was assumed before; starts at the moment it was made, so that a
-- later agency of the same key never has it. expires_at: null is for ever.
CREATE TABLE agencies (
  key @key, id @text NOT NULL UNIQUE, domain BIGINT NOT NULL REFERENCES domains(key), name @text NOT NULL,
  trusted BIGINT NOT NULL REFERENCES domains(key), description @text NOT NULL, created_at BIGINT NOT NULL,
  expires_at BIGINT, version BIGINT NOT NULL, UNIQUE (domain, name));

-- As assignments, of agencies.
CREATE TABLE agency_assignments (
  holder BIGINT NOT NULL REFERENCES agencies(key) ON DELETE CASCADE, policy @text NOT NULL,
  reach @text NOT NULL, place @text NOT NULL, created_at BIGINT NOT NULL,
  PRIMARY KEY (holder, policy, reach, place)) @clustered;
CREATE INDEX agency_assignments_policy ON agency_assignments (policy);
