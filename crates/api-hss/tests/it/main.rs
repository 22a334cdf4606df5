//! HSS and CGS over HTTP, against a store that agents have reported to.
#![cfg(test)]

mod authz;
mod calls;
mod contract;
mod errors;
mod events;
mod exports;
mod history;
mod images;
mod knowledge;
mod lists;
mod pods;
mod sheet;
mod vulnerabilities;
mod world;
