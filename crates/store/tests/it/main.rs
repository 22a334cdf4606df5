//! The store on both databases.

mod assets;
mod audit;
mod converge;
mod database;
mod fleet;
mod hosts;
mod identity;
mod schema;
mod tasks;
