//! The instructions of a method (JVM specification, chapter 6).

use super::constants::Constants;
use super::{Hash, Reader};

/// Hashes instructions: what each does and to what, but not how far a jump goes or how wide a reference is.
pub(super) fn hash(code: &[u8], constants: &Constants<'_>, hash: &mut Hash) -> Option<()> {
    let mut reader = Reader { bytes: code };
    while let Some(op) = reader.u8() {
        match op {
            // ldc, ldc_w, ldc2_w: the width follows the place in the pool.
            0x12 => {
                hash.byte(0x12);
                constants.hash(u16::from(reader.u8()?), hash);
            }
            0x13 | 0x14 => {
                hash.byte(0x12);
                constants.hash(reader.u16()?, hash);
            }
            // bipush, loads and stores of a local, ret, newarray.
            0x10 | 0x15..=0x19 | 0x36..=0x3a | 0xa9 | 0xbc => {
                hash.byte(op);
                hash.byte(reader.u8()?);
            }
            // sipush, iinc.
            0x11 | 0x84 => {
                hash.byte(op);
                hash.number(u64::from(reader.u16()?));
            }
            // Jumps.
            0x99..=0xa8 | 0xc6 | 0xc7 => {
                hash.byte(op);
                reader.skip(2)?;
            }
            0xc8 | 0xc9 => {
                hash.byte(op - 33);
                reader.skip(4)?;
            }
            // Fields, methods, new, anewarray, checkcast, instanceof.
            0xb2..=0xb8 | 0xbb | 0xbd | 0xc0 | 0xc1 => {
                hash.byte(op);
                constants.hash(reader.u16()?, hash);
            }
            // invokeinterface, invokedynamic.
            0xb9 | 0xba => {
                hash.byte(op);
                constants.hash(reader.u16()?, hash);
                reader.skip(2)?;
            }
            // multianewarray.
            0xc5 => {
                hash.byte(op);
                constants.hash(reader.u16()?, hash);
                hash.byte(reader.u8()?);
            }
            // wide.
            0xc4 => {
                let op = reader.u8()?;
                hash.byte(op);
                hash.number(u64::from(reader.u16()?));
                if op == 0x84 {
                    hash.number(u64::from(reader.u16()?));
                }
            }
            0xaa | 0xab => switch(op, code.len(), &mut reader, hash)?,
            _ => hash.byte(op),
        }
    }
    Some(())
}

/// tableswitch, lookupswitch: padded to four bytes from the begin of the method.
fn switch(op: u8, length: usize, reader: &mut Reader<'_>, hash: &mut Hash) -> Option<()> {
    hash.byte(op);
    let at = length - reader.bytes.len();
    reader.skip(at.wrapping_neg() % 4 + 4)?;
    if op == 0xaa {
        let (low, high) = (reader.u32()?, reader.u32()?);
        hash.number(u64::from(low));
        hash.number(u64::from(high));
        let count = usize::try_from(high.wrapping_sub(low)).ok()?.checked_add(1)?;
        return reader.skip(count.checked_mul(4)?);
    }
    for _ in 0..reader.u32()? {
        hash.number(u64::from(reader.u32()?));
        reader.skip(4)?;
    }
    Some(())
}
