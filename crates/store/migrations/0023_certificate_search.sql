-- What a search looks through, side by side and folded, in the index of the list. 600 characters are what an index of
-- PostgreSQL takes; of what is longer the alternative names are looked through, too.
ALTER TABLE certificates ADD COLUMN searched @text NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN searched_whole BIGINT NOT NULL DEFAULT 1;
UPDATE certificates SET
  searched = substr(lower(name || '
' || main_domain || '
' || sans), 1, 600),
  searched_whole = CASE WHEN length(name || main_domain || sans) > 598 THEN 0 ELSE 1 END;
DROP INDEX certificates_list;
CREATE INDEX certificates_list ON certificates
  (domain, updated_at, key, status, not_after, enterprise_project_id, id, searched_whole, searched);
CREATE INDEX certificates_long ON certificates (domain, key) WHERE searched_whole = 0;
CREATE INDEX certificates_status ON certificates (domain, status, key, not_after);
CREATE INDEX keypairs_page ON keypairs (project, key, owner);
