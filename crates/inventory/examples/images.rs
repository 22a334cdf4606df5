//! Looks into images that lie below a root, in the order in which their names or ids are given, and prints what each cost.
//!
//! `cargo run --release -p muster-inventory --example images -- / localhost/shop:1 localhost/shop:2`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use muster_inventory::{Inventory, Options};
use muster_model::{Error, Kind, Result};
use std::time::Instant;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let root = arguments.next().unwrap_or_else(|| "/".to_owned()).into();
    let mut inventory = Inventory::new(Options { root, ..Options::default() })?;
    inventory.sweep(&[Kind::Users]);
    let images = inventory.images().unwrap_or_default().to_vec();
    for wanted in arguments {
        let is_it =
            |it: &&muster_model::image::Image| it.id == wanted || it.names.contains(&wanted);
        let image = images.iter().find(is_it).ok_or_else(|| Error::not_found(&wanted))?;
        let began = Instant::now();
        match inventory.contents(&image.id) {
            Ok((facts, layers)) => {
                let placed = layers.iter().flatten().count();
                let (took, all) = (began.elapsed().as_millis(), image.layers.len());
                println!(
                    "{wanted}: {took} ms, {all} layers, {} pieces, {placed} with their layer",
                    facts.len()
                );
            }
            Err(why) => println!("{wanted}: {why}"),
        }
    }
    Ok(())
}
