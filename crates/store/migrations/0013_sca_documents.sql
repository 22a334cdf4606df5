-- The bill of materials of a task as the engine wrote it: CycloneDX, deflated. Any server hands it out.
CREATE TABLE sca_documents (task BIGINT PRIMARY KEY, cyclonedx @bytes NOT NULL);
CREATE INDEX sca_tasks_ended ON sca_tasks (ended_at);
