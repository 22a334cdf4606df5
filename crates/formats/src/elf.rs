//! ELF files, as far as their headers tell what they are.

/// The machine architecture of an ELF header's first 20 bytes, in the words of `uname -m`.
pub fn machine(header: &[u8]) -> Option<&'static str> {
    if !header.starts_with(b"\x7fELF") {
        return None;
    }
    let is_64 = *header.get(4)? == 2;
    let big = *header.get(5)? == 2;
    let bytes = [*header.get(18)?, *header.get(19)?];
    let number = if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
    // Numbers of the ELF specification's e_machine.
    Some(match number {
        3 => "i686",
        8 => "mips",
        20 => "ppc",
        21 if big => "ppc64",
        21 => "ppc64le",
        22 => "s390x",
        40 => "armv7l",
        62 => "x86_64",
        183 => "aarch64",
        243 if is_64 => "riscv64",
        258 => "loongarch64",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_test_is_built_for_this_machine() {
        let bytes = std::fs::read("/proc/self/exe").unwrap();
        assert_eq!(machine(&bytes), Some(std::env::consts::ARCH));
        assert_eq!(machine(b"#!/bin/sh\n"), None);
        assert_eq!(machine(b"\x7fELF\x02"), None);
    }
}
