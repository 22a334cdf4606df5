//! The version orders against the programs that define them; the knowledge base against real and hostile sources.

#[cfg(test)]
mod bundles;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod files;
#[cfg(test)]
mod mirror;
#[cfg(test)]
mod mirrors;
#[cfg(test)]
mod small;
