//! The store on both databases.
#![cfg(test)]

mod assets;
mod audit;
mod certificates;
mod converge;
mod database;
mod events;
mod fleet;
mod hosts;
mod identity;
mod images;
mod keypairs;
mod owner_keys;
mod sca;
mod schema;
mod statements;
mod tasks;
mod trail;
mod vulnerabilities;
mod vulnerability_changes;
