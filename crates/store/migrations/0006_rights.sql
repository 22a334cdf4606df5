-- Rights: groups of users, policies of an account, and who has which policy where.
CREATE TABLE user_groups (
  key @key, id @text NOT NULL UNIQUE, domain BIGINT NOT NULL REFERENCES domains(key), name @text NOT NULL,
  description @text NOT NULL, created_at BIGINT NOT NULL, UNIQUE (domain, name));

CREATE TABLE group_members (
  member_of BIGINT NOT NULL REFERENCES user_groups(key) ON DELETE CASCADE,
  member BIGINT NOT NULL REFERENCES users(key) ON DELETE CASCADE, PRIMARY KEY (member_of, member)) @clustered;
CREATE INDEX group_members_member ON group_members (member);

-- Policies an account wrote itself; the built-in ones are part of the program.
CREATE TABLE policies (
  key @key, id @text NOT NULL UNIQUE, domain BIGINT NOT NULL REFERENCES domains(key), name @text NOT NULL,
  kind @text NOT NULL, description @text NOT NULL, document @text NOT NULL, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, UNIQUE (domain, name));

-- policy: the id of one in the table above or of a built-in one. reach: domain, project, projects (all of
-- the account's) or enterprise_project; place: the project's or enterprise project's id, or empty.
CREATE TABLE assignments (
  holder BIGINT NOT NULL REFERENCES user_groups(key) ON DELETE CASCADE, policy @text NOT NULL,
  reach @text NOT NULL, place @text NOT NULL, created_at BIGINT NOT NULL,
  PRIMARY KEY (holder, policy, reach, place)) @clustered;
CREATE INDEX assignments_policy ON assignments (policy);
