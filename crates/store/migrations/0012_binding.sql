-- What the SSH server of a host proves itself by, a line each, as its agent reports it.
ALTER TABLE hosts ADD COLUMN ssh_host_keys @text NOT NULL DEFAULT '';

-- Where the pair was bound over: taking it away has no port on the wire.
ALTER TABLE keypair_bindings ADD COLUMN port BIGINT NOT NULL DEFAULT 22;

-- The tasks once more, with a key, so that a rotation walks over their credentials as over all that is sealed. Nobody could
-- order one before.
DROP TABLE keypair_tasks;
-- sealed_credential is null once the task has ended.
CREATE TABLE keypair_tasks (
  key @key, id @text NOT NULL UNIQUE, project BIGINT NOT NULL REFERENCES projects(key), host BIGINT NOT NULL,
  host_id @text NOT NULL, host_name @text NOT NULL, keypair BIGINT, keypair_name @text NOT NULL,
  operation @text NOT NULL, state @text NOT NULL, account @text NOT NULL, port BIGINT NOT NULL,
  add_key @text NOT NULL, remove_keys @text NOT NULL, sealed_credential @bytes, error_code @text NOT NULL,
  error @text NOT NULL, created_by @text NOT NULL, created_at BIGINT NOT NULL, finished_at BIGINT);
CREATE INDEX keypair_tasks_state ON keypair_tasks (project, state, created_at);
-- Two tasks at a time would undo each other.
CREATE UNIQUE INDEX keypair_tasks_host ON keypair_tasks (host) WHERE finished_at IS NULL;
