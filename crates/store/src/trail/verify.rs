//! Does a trail hold together? Every segment of every node, against itself and against check points.

use super::line::{Hash, Line};
use super::read::{self, End, Lines, Next, SegmentFile};
use muster_model::Micros;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Faults of one node that are told; after that they are only counted.
const TOLD: usize = 100;

/// A check point whose signature somebody checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Whose chain.
    pub node: String,
    /// Place of a record.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
    /// When it was the last one.
    pub at: Micros,
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, and the line in it where there is one.
    pub place: (PathBuf, Option<u64>),
    /// Why.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            (path, Some(line)) => write!(f, "{}, line {line}: {}", path.display(), self.why),
            (path, None) => write!(f, "{}: {}", path.display(), self.why),
        }
    }
}

/// What was found of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The node.
    pub node: String,
    /// Files of it.
    pub segments: usize,
    /// Place of its first record here.
    pub first: u64,
    /// Place of its last record here.
    pub last: u64,
    /// When the last one was written.
    pub until: Option<Micros>,
    /// Records that fit.
    pub records: u64,
    /// Check points that were compared.
    pub points: usize,
    /// What does not hold, in the order it was met: the first is the first broken record.
    pub faults: Vec<Fault>,
    /// Faults beyond those.
    pub more: usize,
    /// Bytes at the end of a line that was never finished; nobody was told it was written.
    pub unfinished: u64,
}

/// Walks every trail in the folders. `moved` says that earlier segments may lie elsewhere, so that a chain may
/// begin later than at its first record. Blocks.
///
/// # Errors
/// Those of the system.
pub fn verify(folders: &[PathBuf], points: &[Point], moved: bool) -> io::Result<Vec<Report>> {
    let mut nodes: BTreeMap<String, Vec<SegmentFile>> = BTreeMap::new();
    for folder in folders {
        for segment in read::segments(folder)? {
            nodes.entry(segment.node.clone()).or_default().push(segment);
        }
    }
    for point in points {
        nodes.entry(point.node.clone()).or_default();
    }
    let fallback = folders.first().cloned().unwrap_or_default();
    let mut reports = Vec::new();
    for (node, mut segments) in nodes {
        segments.sort_by_key(|segment| segment.number);
        let mut known: HashMap<u64, Vec<&Point>> = HashMap::new();
        for point in points.iter().filter(|point| point.node == node) {
            known.entry(point.seq).or_default().push(point);
        }
        let report = Report { node, ..Report::default() };
        let mut walk = Walk { known, moved, report, number: 0, end: None };
        for segment in &segments {
            walk.segment(segment, segments.last() == Some(segment))?;
        }
        let last = segments.last().map_or(fallback.as_path(), |segment| &segment.path);
        reports.push(walk.finish(last));
    }
    Ok(reports)
}

struct Walk<'a> {
    known: HashMap<u64, Vec<&'a Point>>,
    moved: bool,
    report: Report,
    /// Number of the segment last read.
    number: u32,
    end: Option<End>,
}

impl Walk<'_> {
    fn fault(&mut self, path: &Path, line: Option<u64>, why: String) {
        if self.report.faults.len() < TOLD {
            self.report.faults.push(Fault { place: (path.to_owned(), line), why });
        } else {
            self.report.more += 1;
        }
    }

    fn segment(&mut self, segment: &SegmentFile, newest: bool) -> io::Result<()> {
        let path = segment.path.as_path();
        let due = self.number + 1;
        let mut first = self.number == 0;
        if segment.number != due && !(first && self.moved) {
            let missing = format!("{}-{due:06}.jsonl", segment.node);
            self.fault(path, None, format!("{missing}, which comes before it, is missing"));
            // What is missing was told: the chain goes on with what is here.
            (self.end, first) = (None, false);
        }
        self.number = segment.number;
        self.report.segments += 1;
        let mut lines = Lines::open(path, self.end.take())?;
        while let Some(next) = lines.next()? {
            let number = Some(lines.number);
            match next {
                Next::Line(line) => {
                    if std::mem::take(&mut first) {
                        self.begins(path, &line);
                    }
                    self.record(path, lines.number, &line);
                }
                Next::Damaged(damage, line) => {
                    first = false;
                    self.fault(path, number, damage.to_string());
                    // Its own hash is right, so a check point can still say something about it.
                    if let Some(line) = line {
                        self.record(path, lines.number, &line);
                        self.report.records -= 1;
                    }
                }
                Next::Torn(bytes) if newest => self.report.unfinished = bytes,
                Next::Torn(bytes) => {
                    let why = format!("{bytes} bytes at the end are no whole line");
                    self.fault(path, None, why);
                }
            }
        }
        self.end = lines.end().cloned();
        Ok(())
    }

    /// The first record that is here.
    fn begins(&mut self, path: &Path, line: &Line) {
        let before = line.seq.wrapping_sub(1);
        let vouched = self.known.get(&before).and_then(|points| points.first());
        if let Some(point) = vouched {
            self.report.points += 1;
            if point.hash != line.prev {
                let why = format!(
                    "record {} does not follow record {before} of the check point of {}",
                    line.seq,
                    point.at.iso()
                );
                self.fault(path, Some(1), why);
            }
        } else if line.seq != 1 && !self.moved {
            let why =
                format!("begins with record {}: {before} records before it are missing", line.seq);
            self.fault(path, Some(1), why);
        } else if line.seq == 1 && line.prev != [0; 32] {
            self.fault(path, Some(1), "record 1 says it follows another".to_owned());
        }
        self.report.first = line.seq;
    }

    fn record(&mut self, path: &Path, number: u64, line: &Line) {
        self.report.records += 1;
        self.report.first = if self.report.first == 0 { line.seq } else { self.report.first };
        self.report.last = line.seq;
        self.report.until = Some(line.record.at);
        for point in self.known.remove(&line.seq).unwrap_or_default() {
            self.report.points += 1;
            if point.hash != line.hash {
                let why = format!(
                    "record {} is not the one the check point of {} names: it was written anew",
                    line.seq,
                    point.at.iso()
                );
                self.fault(path, Some(number), why);
            }
        }
    }

    /// Check points that name records which are not there.
    fn finish(mut self, last: &Path) -> Report {
        let (first, end) = (self.report.first, self.report.last);
        let mut absent: Vec<&Point> = self.known.drain().flat_map(|(_, points)| points).collect();
        absent.retain(|point| point.seq > end || (point.seq + 1 < first && !self.moved));
        absent.sort_by_key(|point| point.seq);
        if let Some(point) = absent.last() {
            let why = if point.seq > end {
                format!(
                    "the trail ends with record {end}, but the check point of {} names record {}: its end was cut off",
                    point.at.iso(),
                    point.seq
                )
            } else {
                format!("record {} of the check point of {} is missing", point.seq, point.at.iso())
            };
            self.report.points += absent.len();
            self.fault(last, None, why);
        }
        self.report
    }
}
