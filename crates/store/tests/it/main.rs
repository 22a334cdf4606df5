//! The store on both databases.

mod audit;
mod database;
mod hosts;
mod identity;
mod schema;
