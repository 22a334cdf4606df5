-- The Kubernetes cluster a host says it is a node of; empty where it is of none.
ALTER TABLE hosts ADD COLUMN cluster_id @text NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN cluster_name @text NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN cluster_server @text NOT NULL DEFAULT '';
