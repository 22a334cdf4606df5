-- Hosts that were entered before an agent is there: what was said of them then, and how the installation goes.
-- entered_name: the name a host was entered by, empty for one that came with its agent; it stays, whatever its agent calls it.
-- expected_*: what an agent must have to become theirs. tags: key=value, each between line feeds.
-- install_state: empty, installing or failed.
ALTER TABLE hosts ADD COLUMN entered_name @text NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN expected_address @text NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN expected_machine_id @text NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN container_node BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN tags @text NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN install_state @text NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN install_reason @text NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN install_since BIGINT;
CREATE INDEX hosts_entered_name ON hosts (project, entered_name) WHERE entered_name <> '';
CREATE INDEX hosts_expected_machine ON hosts (project, expected_machine_id) WHERE expected_machine_id <> '';

-- What never had an agent was entered by hand.
UPDATE hosts SET entered_name = name
 WHERE agent_id IS NULL AND NOT EXISTS (SELECT 1 FROM agents WHERE agents.host = hosts.key);

-- A token may be for one host only.
ALTER TABLE enrolment_tokens ADD COLUMN host BIGINT REFERENCES hosts(key);
