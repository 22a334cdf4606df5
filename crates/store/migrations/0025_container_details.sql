-- What a container was made of, as its host tells; empty where that is not known. labels: a JSON object.
ALTER TABLE containers ADD COLUMN image @text NOT NULL DEFAULT '';
ALTER TABLE containers ADD COLUMN image_id @text NOT NULL DEFAULT '';
ALTER TABLE containers ADD COLUMN runtime @text NOT NULL DEFAULT '';
ALTER TABLE containers ADD COLUMN created_at BIGINT;
ALTER TABLE containers ADD COLUMN labels @text NOT NULL DEFAULT '{}';
