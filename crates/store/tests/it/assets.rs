//! Lists, counts, statistics, history, export, retention.
