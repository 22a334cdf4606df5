-- Keys that seal the secrets of an account or a project, themselves sealed by the root key. The newest seals,
-- all open. owner is domain/<id> or project/<id>.
CREATE TABLE owner_keys (
  owner @text NOT NULL, version BIGINT NOT NULL, wrapped @bytes NOT NULL, created_at BIGINT NOT NULL,
  PRIMARY KEY (owner, version));
