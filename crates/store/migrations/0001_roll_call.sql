-- The first schema: identity, hosts and agents, assets with their history, tasks, jobs, audit.
-- Times are microseconds since 1970 UTC, yes/no is 1/0. Words with @ are explained in src/db/migrate.rs.

-- Identity ---------------------------------------------------------------------------------------------
CREATE TABLE domains (
  key @key, id @text NOT NULL UNIQUE, name @text NOT NULL UNIQUE, created_at BIGINT NOT NULL);

CREATE TABLE projects (
  key @key, id @text NOT NULL UNIQUE, domain BIGINT NOT NULL REFERENCES domains(key), name @text NOT NULL,
  description @text NOT NULL, enabled BIGINT NOT NULL, created_at BIGINT NOT NULL, UNIQUE (domain, name));

CREATE TABLE users (
  key @key, id @text NOT NULL UNIQUE, domain BIGINT NOT NULL REFERENCES domains(key), name @text NOT NULL,
  description @text NOT NULL, password_hash @text NOT NULL, role @text NOT NULL, enabled BIGINT NOT NULL,
  version BIGINT NOT NULL, created_at BIGINT NOT NULL, UNIQUE (domain, name));

CREATE TABLE access_keys (
  access @text PRIMARY KEY, owner BIGINT NOT NULL REFERENCES users(key) ON DELETE CASCADE,
  sealed_secret @bytes NOT NULL, active BIGINT NOT NULL, description @text NOT NULL,
  created_at BIGINT NOT NULL, last_used BIGINT);
CREATE INDEX access_keys_owner ON access_keys (owner);

-- Token keys, wrapped master keys' check values, epochs: small named values of the installation itself.
CREATE TABLE meta (name @text PRIMARY KEY, value @bytes NOT NULL, updated_at BIGINT NOT NULL);

-- Keys tokens are sealed with; the newest seals, all that are not expired open.
CREATE TABLE token_keys (
  key @key, id @text NOT NULL UNIQUE, sealed @bytes NOT NULL, created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL);

-- Each row's hash covers the row and the hash before it.
CREATE TABLE audit (
  seq BIGINT PRIMARY KEY, at BIGINT NOT NULL, request_id @text NOT NULL, domain_id @text NOT NULL,
  project_id @text NOT NULL, user_id @text NOT NULL, user_name @text NOT NULL, credential @text NOT NULL,
  action @text NOT NULL, target @text NOT NULL, outcome @text NOT NULL, detail @text NOT NULL,
  hash @bytes NOT NULL);
CREATE INDEX audit_at ON audit (at);

-- Hosts and agents -------------------------------------------------------------------------------------
-- addresses: every address between line feeds, so that a whole one is found as "\n<address>\n".
CREATE TABLE hosts (
  key @key, id @text NOT NULL UNIQUE, project BIGINT NOT NULL REFERENCES projects(key),
  name @text NOT NULL, ip @text NOT NULL, addresses @text NOT NULL, machine_id @text NOT NULL,
  boot_id @text NOT NULL, os_name @text NOT NULL, os_id @text NOT NULL, os_version @text NOT NULL,
  kernel @text NOT NULL, arch @text NOT NULL, cpus BIGINT NOT NULL, memory_bytes BIGINT NOT NULL,
  agent_id @text, agent_version @text NOT NULL, last_seen BIGINT, department @text NOT NULL,
  importance @text NOT NULL, location @text NOT NULL, host_group @text NOT NULL,
  enterprise_project_id @text NOT NULL, created_at BIGINT NOT NULL);
CREATE INDEX hosts_project ON hosts (project, name, key);
CREATE INDEX hosts_machine ON hosts (project, machine_id);

CREATE TABLE agents (
  key @key, id @text NOT NULL UNIQUE, host BIGINT NOT NULL REFERENCES hosts(key),
  public_key @bytes NOT NULL, counter BIGINT NOT NULL, proof_date BIGINT NOT NULL, proof @bytes NOT NULL,
  cloned_at BIGINT, version @text NOT NULL, enrolled_at BIGINT NOT NULL, last_seen BIGINT,
  revoked_at BIGINT, revoked_reason @text NOT NULL, cpu_us BIGINT NOT NULL, rss_bytes BIGINT NOT NULL,
  diagnostics @text NOT NULL);
CREATE INDEX agents_host ON agents (host);

CREATE TABLE enrolment_tokens (
  hash @bytes PRIMARY KEY, project BIGINT NOT NULL REFERENCES projects(key), created_by @text NOT NULL,
  description @text NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT,
  used_by @text);
CREATE INDEX enrolment_tokens_expiry ON enrolment_tokens (expires_at);

-- Assets -----------------------------------------------------------------------------------------------
-- Content that is equal wherever it occurs, once a project. The project is in the hash.
-- One column for each muster_model::Column; name and version are never null because they give the order.
CREATE TABLE facts (
  id @key, project BIGINT NOT NULL, content_hash @bytes NOT NULL UNIQUE, kind BIGINT NOT NULL,
  name @text NOT NULL, version @text NOT NULL, path @text, file_name @text, catalogue @text,
  file_type @text, hash @text, mode @text, uid BIGINT, gid BIGINT, size BIGINT, port BIGINT,
  protocol @text, bind_addr @text, status @text, login_permission BIGINT, root_permission BIGINT,
  group_name @text, home_dir @text, shell @text, code_type BIGINT, run_user @text, config_path @text,
  install_dir @text, proc_path @text, is_embedded BIGINT, package_path @text, args @text, url_path @text,
  served_by @text, is_https BIGINT, cert_issuer @text, cert_subject @text, cert_not_before BIGINT,
  cert_not_after BIGINT, cert_sha256 @text, srcversion @text, description @text, arch @text, purl @text,
  owner_purl @text, reason @text, evidence @text);
CREATE INDEX facts_name ON facts (project, kind, name, version, id);
CREATE INDEX facts_file_name ON facts (project, kind, file_name);
CREATE INDEX facts_purl ON facts (project, purl) WHERE purl IS NOT NULL;
CREATE INDEX facts_cert ON facts (project, cert_sha256) WHERE cert_sha256 IS NOT NULL;

-- Key 0 stands for the host itself and has no row.
CREATE TABLE containers (
  key @key, host BIGINT NOT NULL, id @text NOT NULL, name @text NOT NULL, UNIQUE (host, id));

-- Where facts are now. When they were last looked at stands in host_kinds, once for all of them.
CREATE TABLE sightings (
  fact BIGINT NOT NULL, host BIGINT NOT NULL, container BIGINT NOT NULL, seq BIGINT NOT NULL,
  kind BIGINT NOT NULL, pid BIGINT, started BIGINT, ctime BIGINT, mtime BIGINT, atime BIGINT,
  first_seen BIGINT NOT NULL, PRIMARY KEY (fact, host, container, seq)) @clustered;
CREATE INDEX sightings_host ON sightings (host, kind, container);

-- Where facts were: from first_seen until just before gone_at.
CREATE TABLE sightings_past (
  fact BIGINT NOT NULL, host BIGINT NOT NULL, container BIGINT NOT NULL, seq BIGINT NOT NULL,
  kind BIGINT NOT NULL, pid BIGINT, started BIGINT, ctime BIGINT, mtime BIGINT, atime BIGINT,
  first_seen BIGINT NOT NULL, gone_at BIGINT NOT NULL,
  PRIMARY KEY (fact, host, container, seq, gone_at)) @clustered;
CREATE INDEX sightings_past_host ON sightings_past (host, kind, container);
CREATE INDEX sightings_past_gone ON sightings_past (gone_at);

-- What is known of a scope: a kind on a host or in one of its containers. A scope that is gone keeps its row
-- with an empty digest for a while, so that times within a scope only ever grow.
CREATE TABLE host_kinds (
  host BIGINT NOT NULL, container BIGINT NOT NULL, kind BIGINT NOT NULL, digest @bytes NOT NULL,
  n BIGINT NOT NULL, swept_at BIGINT NOT NULL, changed_at BIGINT NOT NULL,
  PRIMARY KEY (host, container, kind)) @clustered;

-- The next cursor of each project. Its row is locked until the writer commits: cursors become visible in
-- their order, and a reader that stands at one never misses a smaller one.
CREATE TABLE change_counters (project BIGINT PRIMARY KEY, next BIGINT NOT NULL);

-- Up to which cursor the changes of a kind were forgotten.
CREATE TABLE change_horizons (
  project BIGINT NOT NULL, kind BIGINT NOT NULL, cursor BIGINT NOT NULL, PRIMARY KEY (project, kind))
  @clustered;

-- op: 1 added, 2 removed, 3 modified, 4 baseline: the first inventory of a scope, span rows that are found
-- as the sightings with first_seen = at, instead of one change each.
CREATE TABLE changes (
  project BIGINT NOT NULL, cursor BIGINT NOT NULL, span BIGINT NOT NULL, at BIGINT NOT NULL,
  op BIGINT NOT NULL, kind BIGINT NOT NULL, host BIGINT NOT NULL, container BIGINT NOT NULL,
  before BIGINT, after BIGINT, pid BIGINT, started BIGINT, PRIMARY KEY (project, cursor)) @clustered;
CREATE INDEX changes_kind ON changes (project, kind, cursor);
CREATE INDEX changes_before ON changes (before) WHERE before IS NOT NULL;
CREATE INDEX changes_after ON changes (after) WHERE after IS NOT NULL;

-- Tasks ------------------------------------------------------------------------------------------------
-- The latest request to sweep a kind of a host.
CREATE TABLE collect_tasks (
  host BIGINT NOT NULL, kind BIGINT NOT NULL, task @text NOT NULL, requested_at BIGINT NOT NULL,
  sent_at BIGINT, finished_at BIGINT, error @text, PRIMARY KEY (host, kind)) @clustered;
CREATE INDEX collect_tasks_task ON collect_tasks (task);

CREATE TABLE exports (
  id @text PRIMARY KEY, project BIGINT NOT NULL REFERENCES projects(key), created_by @text NOT NULL,
  name @text NOT NULL, params @text NOT NULL, status @text NOT NULL, file_id @text UNIQUE,
  file_name @text, rows_done BIGINT NOT NULL, error @text, created_at BIGINT NOT NULL,
  finished_at BIGINT, expires_at BIGINT NOT NULL);
CREATE INDEX exports_project ON exports (project, created_at);
CREATE INDEX exports_expiry ON exports (expires_at);

CREATE TABLE jobs (
  key @key, queue @text NOT NULL, payload @text NOT NULL, run_at BIGINT NOT NULL, attempts BIGINT NOT NULL,
  max_attempts BIGINT NOT NULL, locked_until BIGINT, lock_id @text, error @text, failed_at BIGINT,
  created_at BIGINT NOT NULL);
CREATE INDEX jobs_due ON jobs (queue, run_at) WHERE failed_at IS NULL;
