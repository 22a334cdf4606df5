//! The inventory against this machine and against roots made to hurt.

#[cfg(test)]
mod app;
#[cfg(test)]
mod applications;
#[cfg(test)]
mod auto_launch;
#[cfg(test)]
mod frameworks;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod kernel_module;
#[cfg(test)]
mod live;
#[cfg(test)]
mod middleware;
#[cfg(test)]
mod port;
#[cfg(test)]
mod process;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod real;
#[cfg(test)]
mod real_services;
#[cfg(test)]
mod real_sites;
#[cfg(test)]
mod services;
#[cfg(test)]
mod sites;
#[cfg(test)]
mod users;
#[cfg(test)]
mod world;
