-- Which notices were made of a certificate: days before its end (30, 15, 7, 1), 0 when it had expired.
CREATE TABLE certificate_notices (
  certificate BIGINT NOT NULL REFERENCES certificates(key) ON DELETE CASCADE, stage BIGINT NOT NULL,
  at BIGINT NOT NULL, PRIMARY KEY (certificate, stage)) @clustered;
