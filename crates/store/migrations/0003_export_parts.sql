-- Exported files of servers that share a database: see src/exports/parts.rs.
CREATE TABLE export_parts (
  file_id @text NOT NULL, no BIGINT NOT NULL, content @bytes NOT NULL, created_at BIGINT NOT NULL,
  PRIMARY KEY (file_id, no));
