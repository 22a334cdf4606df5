-- How many present sightings each fact has, on hosts and in containers. Totals, statistics and deep pages add
-- up facts instead of walking over sightings. Written by the transactions that write sightings; a fact that
-- was never seen may have no row.
CREATE TABLE fact_counts (
  fact BIGINT PRIMARY KEY, on_hosts BIGINT NOT NULL, in_containers BIGINT NOT NULL) @clustered;
INSERT INTO fact_counts (fact, on_hosts, in_containers)
  SELECT fact, CAST(sum(CASE WHEN container = 0 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(sum(CASE WHEN container = 0 THEN 0 ELSE 1 END) AS BIGINT)
  FROM sightings GROUP BY fact;
