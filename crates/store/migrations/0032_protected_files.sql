-- Paths that the containers of a project are not to change.
CREATE TABLE protected_files (
  project BIGINT NOT NULL, path @text NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (project, path)) @clustered;
