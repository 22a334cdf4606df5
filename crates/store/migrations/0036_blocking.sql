-- Images whose containers are kept from running unknown programs, and hosts whose operators allow that.
ALTER TABLE image_learning ADD COLUMN blocking BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN allows_blocking BIGINT NOT NULL DEFAULT 0;
