-- Composition analysis: access keys of the SCA open API, artifacts, tasks and what was found in them.

-- A key belongs to a project and acts with its owner's rights.
CREATE TABLE sca_keys (
  access @text PRIMARY KEY, project BIGINT NOT NULL REFERENCES projects(key),
  owner BIGINT NOT NULL REFERENCES users(key) ON DELETE CASCADE, sealed_secret @bytes NOT NULL,
  active BIGINT NOT NULL, allow_md5 BIGINT NOT NULL, description @text NOT NULL, created_at BIGINT NOT NULL);
CREATE INDEX sca_keys_project ON sca_keys (project);

-- Artifacts. size and sha256 are null until the bytes have come in whole.
CREATE TABLE sca_files (
  id @text PRIMARY KEY, project BIGINT NOT NULL REFERENCES projects(key), name @text NOT NULL, size BIGINT,
  sha256 @text, created_by @text NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);
CREATE INDEX sca_files_expiry ON sca_files (expires_at);

-- status: 0 queued, 1 running, 2 done, 3 failed. coverage: what was checked against what, JSON.
CREATE TABLE sca_tasks (
  key @key, project BIGINT NOT NULL REFERENCES projects(key), id @text NOT NULL, name @text NOT NULL,
  file @text NOT NULL, callback_url @text, callback_key @text, status BIGINT NOT NULL,
  percent BIGINT NOT NULL, error @text, coverage @text, components BIGINT NOT NULL,
  vulnerabilities BIGINT NOT NULL, licences BIGINT NOT NULL, created_by @text NOT NULL,
  created_at BIGINT NOT NULL, started_at BIGINT, ended_at BIGINT, UNIQUE (project, id));
CREATE INDEX sca_tasks_project ON sca_tasks (project, created_at);
CREATE INDEX sca_tasks_file ON sca_tasks (file);

-- A component once a project; uuid is a pure function of the package URL.
CREATE TABLE sca_components (
  key @key, project BIGINT NOT NULL REFERENCES projects(key), uuid @text NOT NULL, purl @text NOT NULL,
  group_name @text NOT NULL, name @text NOT NULL, version @text NOT NULL, language @text NOT NULL,
  UNIQUE (project, uuid));
CREATE INDEX sca_components_name ON sca_components (project, name, version);
CREATE INDEX sca_components_purl ON sca_components (project, purl);

-- What a task found, in the order it is listed. detail: places, licences, dependency, advice, JSON.
CREATE TABLE sca_task_components (
  task BIGINT NOT NULL, rank BIGINT NOT NULL, component BIGINT NOT NULL, grade BIGINT NOT NULL,
  recommended @text NOT NULL, detail @text NOT NULL, PRIMARY KEY (task, rank)) @clustered;
CREATE INDEX sca_task_components_component ON sca_task_components (component, task);

-- A vulnerability as the knowledge base told it last; number is for the outside and never changes.
CREATE TABLE sca_vulnerabilities (
  key @key, number @text NOT NULL UNIQUE, grade BIGINT NOT NULL, detail @text NOT NULL,
  updated_at BIGINT NOT NULL);

CREATE TABLE sca_task_findings (
  task BIGINT NOT NULL, vulnerability BIGINT NOT NULL, component BIGINT NOT NULL,
  PRIMARY KEY (task, vulnerability, component)) @clustered;

CREATE TABLE sca_task_licences (
  task BIGINT NOT NULL, licence @text NOT NULL, component BIGINT NOT NULL,
  PRIMARY KEY (task, licence, component)) @clustered;
