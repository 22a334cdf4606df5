-- Lists of certificates find their page in an index alone: a row is kilobytes of texts and keys.
DROP INDEX certificates_domain;
CREATE INDEX certificates_list ON certificates
  (domain, updated_at, key, status, not_after, enterprise_project_id, name, main_domain);
DROP INDEX certificates_expiry;
CREATE INDEX certificates_expiry ON certificates (domain, not_after, key, status);
