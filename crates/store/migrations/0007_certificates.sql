-- Certificates, requests for them, and the authority of our own. Texts that are not there are empty; keys are
-- sealed under the key of the account.
CREATE TABLE certificates (
  key @key, id @text NOT NULL UNIQUE, domain BIGINT NOT NULL REFERENCES domains(key), name @text NOT NULL,
  description @text NOT NULL, enterprise_project_id @text NOT NULL, status @text NOT NULL,
  order_id @text NOT NULL, cert_type @text NOT NULL, brand @text NOT NULL, domain_type @text NOT NULL,
  domain_count BIGINT NOT NULL, wildcard_count BIGINT NOT NULL, validity_months BIGINT NOT NULL,
  main_domain @text NOT NULL, sans @text NOT NULL, application @text NOT NULL, own_request BIGINT NOT NULL,
  signature_algorithm @text NOT NULL, issuer @text NOT NULL, fingerprint @text NOT NULL,
  sha256 @text NOT NULL, serial @text NOT NULL, issued_at BIGINT, not_before BIGINT, not_after BIGINT,
  revoked_at BIGINT, revoke_reason @text NOT NULL, authority BIGINT, certificate @text NOT NULL,
  chain @text NOT NULL, enc_certificate @text NOT NULL, sealed_key @bytes, sealed_enc_key @bytes,
  envelope @text NOT NULL, notices BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX certificates_domain ON certificates (domain, updated_at, key);
CREATE INDEX certificates_expiry ON certificates (domain, not_after, key);
CREATE INDEX certificates_sha256 ON certificates (domain, sha256);

CREATE TABLE certificate_tags (
  certificate BIGINT NOT NULL REFERENCES certificates(key) ON DELETE CASCADE, name @text NOT NULL,
  value @text NOT NULL, PRIMARY KEY (certificate, name)) @clustered;

CREATE TABLE certificate_requests (
  key @key, id @text NOT NULL UNIQUE, domain BIGINT NOT NULL REFERENCES domains(key), name @text NOT NULL,
  csr @text NOT NULL, main_domain @text NOT NULL, sans @text NOT NULL, algorithm @text NOT NULL,
  usage @text NOT NULL, country @text NOT NULL, province @text NOT NULL, city @text NOT NULL,
  company @text NOT NULL, sealed_key @bytes, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX certificate_requests_domain ON certificate_requests (domain, created_at, key);

-- One root a kind of key. A revocation outlives the certificate's row.
CREATE TABLE authorities (
  key @key, domain BIGINT NOT NULL REFERENCES domains(key), algorithm @text NOT NULL,
  certificate @text NOT NULL, sealed_key @bytes NOT NULL, crl_number BIGINT NOT NULL,
  created_at BIGINT NOT NULL, UNIQUE (domain, algorithm));

CREATE TABLE revocations (
  authority BIGINT NOT NULL REFERENCES authorities(key), serial @text NOT NULL, revoked_at BIGINT NOT NULL,
  PRIMARY KEY (authority, serial)) @clustered;
