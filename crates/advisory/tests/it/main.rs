//! The version orders against the programs that define them.

#[cfg(test)]
mod differential;
