//! Containers that really run: what is found in them is compared with what their runtimes and the kernel say.
//!
//! A program of its own, because the containers it starts are on the machine that other tests compare with.
#![expect(clippy::disallowed_methods, reason = "containers are started to be found")]

#[cfg(test)]
mod attributed;
#[cfg(test)]
mod blocking;
#[cfg(test)]
mod cri;
#[cfg(test)]
mod images;
#[cfg(test)]
mod lxc;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod rootless;
#[cfg(test)]
mod runtimes;
#[cfg(test)]
mod services;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod written;
