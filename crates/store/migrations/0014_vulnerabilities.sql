-- What is known against the facts of the roll call. Written by the matcher, a stretch of facts at a time.
-- grade: 1 critical to 5 unknown. score: CVSS base score in tenths.
CREATE TABLE vulnerabilities (
  key @key, id @text NOT NULL UNIQUE, grade BIGINT NOT NULL, score BIGINT, exploited BIGINT NOT NULL,
  reason @text NOT NULL, summary @text NOT NULL, url @text NOT NULL);

-- class: 1 of the system's packages, 2 of web applications, 3 of other applications. fixed: versions that repair it,
-- between line feeds.
CREATE TABLE fact_vulnerabilities (
  fact BIGINT NOT NULL, vulnerability BIGINT NOT NULL, project BIGINT NOT NULL, class BIGINT NOT NULL,
  fixed @text NOT NULL, first_found BIGINT NOT NULL, PRIMARY KEY (fact, vulnerability)) @clustered;
CREATE INDEX fact_vulnerabilities_of ON fact_vulnerabilities (project, class, vulnerability, fact);

-- Facts that could not be compared, and why: that nothing is known of them is no news of health.
CREATE TABLE fact_unchecked (
  fact BIGINT PRIMARY KEY, project BIGINT NOT NULL, why @text NOT NULL) @clustered;
CREATE INDEX fact_unchecked_of ON fact_unchecked (project, why);

-- One row: the state of knowledge facts are compared with, and up to which fact that is done.
CREATE TABLE matched (
  one BIGINT PRIMARY KEY, knowledge @text NOT NULL, built BIGINT NOT NULL, known BIGINT NOT NULL,
  up_to BIGINT NOT NULL, at BIGINT NOT NULL);
