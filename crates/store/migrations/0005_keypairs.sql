-- Key pairs for logging in to hosts, where they are bound, and the tasks that bind them.

-- owner: the one user it is for; null, it is for everybody of the project.
CREATE TABLE keypairs (
  key @key, id @text NOT NULL UNIQUE, project BIGINT NOT NULL REFERENCES projects(key),
  owner BIGINT REFERENCES users(key) ON DELETE CASCADE, name @text NOT NULL, kind @text NOT NULL,
  algorithm @text NOT NULL, public_key @text NOT NULL, fingerprint @text NOT NULL, sha256 @text NOT NULL,
  sealed_private_key @bytes, description @text NOT NULL, created_by @text NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE UNIQUE INDEX keypairs_name ON keypairs (project, name, (COALESCE(owner, 0)));
CREATE INDEX keypairs_sha256 ON keypairs (project, sha256);

CREATE TABLE keypair_bindings (
  host BIGINT NOT NULL, account @text NOT NULL,
  keypair BIGINT NOT NULL REFERENCES keypairs(key) ON DELETE CASCADE, bound_at BIGINT NOT NULL,
  PRIMARY KEY (host, account));
CREATE INDEX keypair_bindings_keypair ON keypair_bindings (keypair);

-- sealed_credential is null once the task has ended.
CREATE TABLE keypair_tasks (
  id @text PRIMARY KEY, project BIGINT NOT NULL REFERENCES projects(key), host BIGINT NOT NULL,
  host_id @text NOT NULL, host_name @text NOT NULL, keypair BIGINT, keypair_name @text NOT NULL,
  operation @text NOT NULL, state @text NOT NULL, account @text NOT NULL, port BIGINT NOT NULL,
  add_key @text NOT NULL, remove_keys @text NOT NULL, sealed_credential @bytes, error_code @text NOT NULL,
  error @text NOT NULL, created_by @text NOT NULL, created_at BIGINT NOT NULL, finished_at BIGINT);
CREATE INDEX keypair_tasks_state ON keypair_tasks (project, state, created_at);
-- Two tasks at a time would undo each other.
CREATE UNIQUE INDEX keypair_tasks_host ON keypair_tasks (host) WHERE finished_at IS NULL;
