-- Keys of the SCA open API get a number of their own, by which a rotation of what seals them walks the table. No
-- version has made one yet.
DROP TABLE sca_keys;
CREATE TABLE sca_keys (
  key @key, access @text NOT NULL UNIQUE, project BIGINT NOT NULL REFERENCES projects(key),
  owner BIGINT NOT NULL REFERENCES users(key) ON DELETE CASCADE, sealed_secret @bytes NOT NULL,
  active BIGINT NOT NULL, allow_md5 BIGINT NOT NULL, description @text NOT NULL, created_at BIGINT NOT NULL);
CREATE INDEX sca_keys_project ON sca_keys (project);

-- The number of a vulnerability by each id it goes by: once given it stays, also when the vulnerability gets a CVE later.
CREATE TABLE sca_numbers (id @text PRIMARY KEY, number @text NOT NULL) @clustered;

-- Which server's folder an artifact lies in: its tasks are worked at there.
ALTER TABLE sca_files ADD COLUMN place @text NOT NULL DEFAULT '';
