-- Whether a host's operator lets its agent change by which keys its accounts may be logged in to.
ALTER TABLE hosts ADD COLUMN allows_binding BIGINT NOT NULL DEFAULT 0;
