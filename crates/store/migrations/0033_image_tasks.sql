-- Scan tasks: images that were asked for together. kind: manual or cycle. whole: all images were asked for, not some that were
-- named. ended_at: null while any of its images is open.
CREATE TABLE image_tasks (
  key @key, project BIGINT NOT NULL, id @text NOT NULL UNIQUE, kind @text NOT NULL, name @text NOT NULL,
  whole BIGINT NOT NULL, stopped BIGINT NOT NULL, begun_at BIGINT NOT NULL, ended_at BIGINT);
CREATE INDEX image_tasks_begun ON image_tasks (project, begun_at);
-- The images of a task, as they were called then, and how each ended: state is open, success, failed or stopped.
CREATE TABLE image_task_images (
  task BIGINT NOT NULL, image BIGINT NOT NULL, name @text NOT NULL, version @text NOT NULL, state @text NOT NULL,
  reason @text NOT NULL, PRIMARY KEY (task, image)) @clustered;
CREATE INDEX image_task_images_open ON image_task_images (image) WHERE state = 'open';
