-- The latest scan of an image. host: where it was asked for; 0 where there is none. state: waiting, scanning, success or
-- failed, and reason why the last; a word of the contract, or what the host says. scanned_at: when it last went well.
CREATE TABLE image_scans (
  image BIGINT PRIMARY KEY, host BIGINT NOT NULL, state @text NOT NULL, reason @text NOT NULL,
  asked_at BIGINT NOT NULL, ended_at BIGINT, scanned_at BIGINT) @clustered;
CREATE INDEX image_scans_due ON image_scans (host) WHERE ended_at IS NULL;
-- The software that is in an image.
CREATE TABLE image_facts (image BIGINT NOT NULL, fact BIGINT NOT NULL, PRIMARY KEY (image, fact)) @clustered;
CREATE INDEX image_facts_fact ON image_facts (fact);
