//! Brings the schema up to date: ordered SQL files, forward only, never edited once released.
//!
//! The files are one text for both databases; the few words that differ are written `@word`:
//! `@key` (a generated integer primary key), `@bytes`, `@text` (compared byte by byte) and `@clustered`
//! (rows lie in the order of the primary key, where the database can do that).

use super::Db;
use super::backend::Dialect;
use super::bind::binds;
use muster_model::{Error, ErrorKind, Micros, Result};

/// One step of the schema.
pub(super) struct Migration {
    /// Its file name.
    name: &'static str,
    /// Its text.
    sql: &'static str,
}

macro_rules! steps {
    ($($name:literal,)*) => {
        &[$(Migration { name: $name, sql: include_str!(concat!("../../migrations/", $name)) },)*]
    };
}

/// All steps in order; the version of a schema is the number of steps it has seen.
pub(super) const ALL: &[Migration] = steps![
    "0001_roll_call.sql",
    "0002_owner_keys.sql",
    "0003_export_parts.sql",
    "0004_sca.sql",
    "0005_keypairs.sql",
    "0006_rights.sql",
    "0007_certificates.sql",
    "0008_certificate_notices.sql",
    "0009_fact_counts.sql",
    "0010_changes_without_their_facts.sql",
    "0011_sca_numbers.sql",
    "0012_binding.sql",
    "0013_sca_documents.sql",
    "0014_vulnerabilities.sql",
    "0015_counts_by_key.sql",
    "0016_binding_by_agents.sql",
    "0017_index_nobody_asks.sql",
    "0018_sca_own.sql",
    "0019_agencies.sql",
    "0020_certificate_lists.sql",
    "0021_software_without_a_name.sql",
    "0022_vulnerability_changes.sql",
    "0023_certificate_search.sql",
    "0024_registered_hosts.sql",
    "0025_container_details.sql",
    "0026_protection.sql",
    "0027_security_events.sql",
    "0028_image_programs.sql",
    "0029_images.sql",
    "0030_image_scans.sql",
    "0031_clusters.sql",
    "0032_protected_files.sql",
    "0033_image_tasks.sql",
    "0034_images_by_themselves.sql",
    "0036_blocking.sql",
];

/// Runs the steps of `all` that are missing.
pub(super) async fn run(db: &Db, all: &[Migration], now: Micros) -> Result<()> {
    let ledger = db.translated(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name @text NOT NULL, \
         checksum @bytes NOT NULL, applied_at BIGINT NOT NULL)",
    );
    crate::transact!(db, |tx| tx.script(ledger.clone()).await)?;

    let mut tx = db.read().await?;
    let rows =
        tx.all("SELECT name, checksum FROM schema_migrations ORDER BY version", vec![]).await?;
    drop(tx);
    let version = rows.len();
    if version > all.len() {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "the database has schema version {version}, this program knows versions up to {}: use a \
                 newer program, or restore the backup made before the upgrade",
                all.len()
            ),
        ));
    }
    for (row, migration) in rows.iter().zip(all) {
        let mut cells = row.cells();
        let (name, checksum): (String, Vec<u8>) = (cells.take()?, cells.take()?);
        if checksum != migration.checksum() {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("schema step {name} of the database is not the one this program knows"),
            ));
        }
    }
    if version == all.len() {
        return Ok(());
    }
    if version > 0 {
        let version = i64::try_from(version).map_err(Error::internal)?;
        if let Some(path) = db.backend.backup(version).await? {
            tracing::info!(backup = %path.display(), version, "database backed up before the upgrade");
        }
    }
    crate::transact!(db, |tx| {
        for (version, migration) in (1_i64..).zip(all).skip(version) {
            // Rivals starting at the same time meet here: one writes the row, the others fail and retry.
            let done = tx
                .optional("SELECT 1 FROM schema_migrations WHERE version = ?", binds![version])
                .await?;
            if done.is_some() {
                continue;
            }
            tx.script(db.translated(migration.sql)).await?;
            tx.execute(
                "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (?,?,?,?)",
                binds![version, migration.name, migration.checksum(), now],
            )
            .await?;
        }
        Ok(())
    })
}

/// How many steps the schema has seen.
pub(super) async fn version(db: &Db) -> Result<usize> {
    let sql = "SELECT count(*) FROM schema_migrations";
    let count: i64 = db.read().await?.one(sql, vec![]).await?.only()?;
    usize::try_from(count).map_err(Error::internal)
}

impl Migration {
    fn checksum(&self) -> Vec<u8> {
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.sql.as_bytes()).as_ref().to_vec()
    }
}

impl Db {
    fn translated(&self, sql: &str) -> String {
        let words = match self.backend.dialect() {
            Dialect::Sqlite => [
                ("@key", "INTEGER PRIMARY KEY"),
                ("@bytes", "BLOB"),
                ("@text", "TEXT"),
                ("@clustered", "WITHOUT ROWID"),
            ],
            Dialect::Postgres => [
                ("@key", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
                ("@bytes", "BYTEA"),
                ("@text", "TEXT COLLATE \"C\""),
                ("@clustered", ""),
            ],
        };
        words.iter().fold(sql.to_owned(), |sql, (word, meaning)| sql.replace(word, meaning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, transact};

    const ONE: Migration = Migration { name: "one", sql: "CREATE TABLE a (x BIGINT)" };
    const TWO: Migration = Migration {
        name: "two",
        sql: "ALTER TABLE a ADD COLUMN y @text; CREATE TABLE b (z @bytes)",
    };
    const BROKEN: Migration =
        Migration { name: "broken", sql: "CREATE TABLE c (x BIGINT); CREATE TABLE a (x BIGINT)" };

    async fn database(folder: &std::path::Path) -> Db {
        let path = folder.join("muster.db");
        Db::connect(&Config::new(format!("sqlite:{}", path.display()))).await.unwrap()
    }

    #[tokio::test]
    async fn an_older_file_is_backed_up_and_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(folder.path()).await;
        run(&db, &[ONE], Micros(1)).await.unwrap();
        transact!(db, |tx| tx.execute("INSERT INTO a (x) VALUES (7)", vec![]).await).unwrap();
        let backup = folder.path().join("muster.db.backup-1");
        assert!(!backup.exists(), "a new file needs no backup");

        run(&db, &[ONE, TWO], Micros(2)).await.unwrap();
        run(&db, &[ONE, TWO], Micros(3)).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let row = tx.one("SELECT x, y FROM a", vec![]).await.unwrap();
        assert_eq!(row.cells().take::<i64>().unwrap(), 7);
        let raw = rusqlite::Connection::open(backup).unwrap();
        assert_eq!(raw.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)).unwrap(), 7);
        assert!(raw.prepare("SELECT y FROM a").is_err());
    }

    #[tokio::test]
    async fn a_step_that_fails_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(folder.path()).await;
        run(&db, &[ONE], Micros(1)).await.unwrap();
        assert!(run(&db, &[ONE, BROKEN], Micros(2)).await.is_err());
        let mut tx = db.read().await.unwrap();
        assert!(tx.all("SELECT x FROM c", vec![]).await.is_err());
        drop(tx);
        run(&db, &[ONE, TWO], Micros(3)).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_there_is_counted_when_counters_come() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(folder.path()).await;
        run(&db, &ALL[..1], Micros(1)).await.unwrap();
        let sighting = "INSERT INTO sightings (fact, host, container, seq, kind, first_seen) VALUES (?,?,?,0,1,0)";
        transact!(db, |tx| {
            for (fact, host, container) in [(7_i64, 1_i64, 0_i64), (7, 2, 0), (7, 1, 5), (8, 1, 5)]
            {
                tx.execute(sighting, binds![fact, host, container]).await?;
            }
            Ok(())
        })
        .unwrap();
        run(&db, ALL, Micros(2)).await.unwrap();
        let sql = "SELECT fact, on_hosts, in_containers FROM fact_counts ORDER BY fact";
        let rows = db.read().await.unwrap().all(sql, vec![]).await.unwrap();
        let counts: Vec<[i64; 3]> = rows
            .iter()
            .map(|row| {
                let mut cells = row.cells();
                [(); 3].map(|()| cells.take().unwrap())
            })
            .collect();
        assert_eq!(counts, [[7, 2, 1], [8, 0, 1]]);
    }

    #[tokio::test]
    async fn hosts_that_never_had_an_agent_were_entered_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(folder.path()).await;
        let before = ALL.iter().take_while(|it| it.name != "0024_registered_hosts.sql").count();
        run(&db, &ALL[..before], Micros(1)).await.unwrap();
        let texts = "name, ip, addresses, machine_id, boot_id, os_name, os_id, os_version, kernel, arch, agent_version, \
                     department, importance, location, host_group, enterprise_project_id";
        let sql = format!(
            "INSERT INTO hosts (key, project, cpus, memory_bytes, created_at, id, agent_id, {texts}) \
             VALUES (?,1,0,0,0,?,?,?{})",
            ",''".repeat(15)
        );
        transact!(db, |tx| {
            for (id, table) in [("d", "domains"), ("p", "projects")] {
                let more = if table == "projects" { ", domain, description, enabled" } else { "" };
                let values = if table == "projects" { ", 1, '', 1" } else { "" };
                let sql = format!(
                    "INSERT INTO {table} (key, id, name, created_at{more}) VALUES (1, ?, ?, 0{values})"
                );
                tx.execute(sql, binds![id, id]).await?;
            }
            for (key, agent, name) in [(1_i64, None, "rack"), (2, Some("a"), "web"), (3, None, "old")] {
                let id = name.to_owned();
                tx.execute(sql.clone(), binds![key, id, agent, name]).await?;
            }
            // The last one's agent was shut out.
            let agent = "INSERT INTO agents (id, host, public_key, counter, proof_date, proof, version, \
                         enrolled_at, revoked_reason, cpu_us, rss_bytes, diagnostics) \
                         VALUES ('b',3,'',0,0,'','',0,'',0,0,'[]')";
            tx.execute(agent, vec![]).await
        })
        .unwrap();
        run(&db, ALL, Micros(2)).await.unwrap();
        let sql = "SELECT entered_name FROM hosts ORDER BY key";
        let rows = db.read().await.unwrap().all(sql, vec![]).await.unwrap();
        let names: Vec<String> = rows.iter().map(|row| row.only().unwrap()).collect();
        assert_eq!(names, ["rack", "", ""]);
    }

    #[tokio::test]
    async fn certificates_that_are_there_are_found_by_their_texts() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(folder.path()).await;
        let before = ALL.iter().take_while(|it| it.name != "0023_certificate_search.sql").count();
        run(&db, &ALL[..before], Micros(1)).await.unwrap();
        let texts = "name, description, enterprise_project_id, status, order_id, cert_type, brand, domain_type, main_domain, \
                     sans, application, signature_algorithm, issuer, fingerprint, sha256, serial, revoke_reason, \
                     certificate, chain, enc_certificate, envelope";
        let sql = format!(
            "INSERT INTO certificates (id, domain, domain_count, wildcard_count, validity_months, own_request, notices, \
             created_at, updated_at, {texts}) VALUES (?,1,0,0,0,0,0,0,0{})",
            ",?".repeat(21)
        );
        transact!(db, |tx| {
            tx.execute(
                "INSERT INTO domains (key, id, name, created_at) VALUES (1,'d','d',0)",
                vec![],
            )
            .await?;
            for (id, sans) in [("short", "B.example".to_owned()), ("long", "x".repeat(700))] {
                let mut values = binds![id, "Name"];
                values.extend(vec![""; 7].into_iter().map(Into::into));
                values.extend(binds!["Host.example", sans]);
                values.extend(vec![""; 11].into_iter().map(Into::into));
                tx.execute(sql.clone(), values).await?;
            }
            Ok(())
        })
        .unwrap();
        run(&db, ALL, Micros(2)).await.unwrap();
        let sql = "SELECT searched, searched_whole FROM certificates ORDER BY key";
        let rows = db.read().await.unwrap().all(sql, vec![]).await.unwrap();
        let rows: Vec<(String, bool)> = rows
            .iter()
            .map(|row| {
                let mut cells = row.cells();
                (cells.take().unwrap(), cells.take().unwrap())
            })
            .collect();
        assert_eq!(rows[0], ("name\nhost.example\nb.example".to_owned(), true));
        assert_eq!((rows[1].0.len(), rows[1].1), (600, false));
    }

    #[tokio::test]
    async fn a_file_of_a_newer_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let url = format!("sqlite:{}", path.display());
        let db = Db::open(&Config::new(url), Micros(0)).await.unwrap();
        let error = run(&db, &[], Micros(1)).await.unwrap_err();
        assert!(error.message().contains("newer program"), "{error}");
    }
}
