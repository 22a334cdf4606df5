-- Signs of escapes from containers, each once for a container: which, by what evidence, and what became of it.
-- sign and severity are words of the model. handle_method is null until somebody handled it.
CREATE TABLE security_events (
  key @key, id @text NOT NULL UNIQUE, host BIGINT NOT NULL, container_id @text NOT NULL,
  container_name @text NOT NULL, image @text NOT NULL, sign @text NOT NULL, evidence @text NOT NULL,
  severity @text NOT NULL, occurred_at BIGINT NOT NULL, handle_method @text, remark @text NOT NULL,
  handled_at BIGINT, UNIQUE (host, container_id, sign, evidence));
CREATE INDEX security_events_time ON security_events (occurred_at, key);
