-- Images on disks: what an image is once a project, by its id, the digest of its configuration. layers: a JSON list of
-- [digest, command], labels: a JSON object.
CREATE TABLE images (
  key @key, project BIGINT NOT NULL, id @text NOT NULL, created_at BIGINT, architecture @text NOT NULL,
  os @text NOT NULL, layers @text NOT NULL, labels @text NOT NULL, UNIQUE (project, id));
-- In which stores of which hosts it lies. store is a word of the model. sizes: a JSON list, of the layers. digests: a
-- JSON list, the first of them also in digest. gone_at is null while it lies there.
CREATE TABLE image_sightings (
  key @key, image BIGINT NOT NULL, host BIGINT NOT NULL, store @text NOT NULL, size BIGINT NOT NULL,
  sizes @text NOT NULL, digest @text NOT NULL, digests @text NOT NULL, first_seen BIGINT NOT NULL, gone_at BIGINT,
  UNIQUE (host, store, image));
CREATE INDEX image_sightings_image ON image_sightings (image);
CREATE INDEX image_sightings_gone ON image_sightings (gone_at) WHERE gone_at IS NOT NULL;
-- What it is called there: repository and tag. One without a name has one row with both empty.
CREATE TABLE image_names (
  sighting BIGINT NOT NULL, name @text NOT NULL, version @text NOT NULL,
  PRIMARY KEY (sighting, name, version)) @clustered;
-- Which containers are of an image.
CREATE INDEX containers_image ON containers (image_id) WHERE image_id <> '';
