-- What an agent recognises in images it looks into unasked, as a number; 0: it does not.
ALTER TABLE hosts ADD COLUMN scans_images BIGINT NOT NULL DEFAULT 0;
-- analyser: with what an image was looked into last. at_leisure: nobody waits for it.
ALTER TABLE image_scans ADD COLUMN analyser BIGINT NOT NULL DEFAULT 0;
ALTER TABLE image_scans ADD COLUMN at_leisure BIGINT NOT NULL DEFAULT 0;
-- Which layer of the image brought it, from 0; null where that is not known.
ALTER TABLE image_facts ADD COLUMN layer BIGINT;
