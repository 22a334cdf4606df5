-- What a task found is kept as the engine's own report: every form of a bill of materials is made of it. No version has
-- kept one yet. sha256 is that of the artifact, which is gone sooner.
DROP TABLE sca_documents;
CREATE TABLE sca_documents (task BIGINT PRIMARY KEY, sha256 @text NOT NULL, report @bytes NOT NULL);

-- Which component of a task pulled in which.
CREATE TABLE sca_task_edges (
  task BIGINT NOT NULL, child BIGINT NOT NULL, parent BIGINT NOT NULL,
  PRIMARY KEY (task, child, parent)) @clustered;

-- Until when a task is kept where somebody said so; else as long as the server keeps them.
ALTER TABLE sca_tasks ADD COLUMN keep_until BIGINT;

-- What artifacts must be like; rules: JSON.
CREATE TABLE sca_policies (
  key @key, project BIGINT NOT NULL REFERENCES projects(key), name @text NOT NULL, rules @text NOT NULL,
  updated_by @text NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (project, name));
