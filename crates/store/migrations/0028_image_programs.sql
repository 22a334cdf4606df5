-- Programs that ran in containers of an image while it was learned, and until when that was. image: its id, or its name
-- where no id is known.
CREATE TABLE image_programs (
  project BIGINT NOT NULL, image @text NOT NULL, path @text NOT NULL, first_seen BIGINT NOT NULL,
  PRIMARY KEY (project, image, path)) @clustered;
CREATE TABLE image_learning (
  project BIGINT NOT NULL, image @text NOT NULL, until BIGINT NOT NULL, PRIMARY KEY (project, image)) @clustered;
