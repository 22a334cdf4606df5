//! Reads what [`super::Tx::gather`] folded together.

use muster_model::{Error, Result};
use serde::Deserialize;

/// Takes the rows apart again: a tuple each, of numbers and texts that may be null.
///
/// # Errors
/// `Internal` for a text of another shape.
pub(crate) fn gathered<'t, T: Deserialize<'t>>(text: &'t str) -> Result<Vec<T>> {
    let rows = serde_json::Deserializer::from_str(text).into_iter();
    rows.map(|row| row.map_err(Error::internal)).collect()
}

/// Bytes from hexadecimal digits of whatever case.
///
/// # Errors
/// `Internal` where these are not `N` bytes.
pub(crate) fn unhex<const N: usize>(text: &str) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Three = (Option<i64>, Option<i64>, Option<i64>);

    #[test]
    fn gathered_rows_come_apart() {
        let rows = gathered::<Three>("[1,null,-3][4, 5, null]").unwrap();
        assert_eq!(rows, [(Some(1), None, Some(-3)), (Some(4), Some(5), None)]);
        assert_eq!(gathered::<Three>("").unwrap(), []);
        for text in ["[1,2]", "[1,2,3,4]", "[1,2,x]", "1,2,3", "[1,2,3"] {
            assert!(gathered::<Three>(text).is_err(), "{text}");
        }
        let rows = gathered::<(i64, String)>(r#"[1,"a\"],[\u0000é"]"#).unwrap();
        assert_eq!(rows, [(1, "a\"],[\0é".to_owned())]);
    }

    #[test]
    fn bytes_have_their_length() {
        assert_eq!(unhex::<2>("00fF").unwrap(), [0, 255]);
        for text in ["", "00f", "00ff00", "00fg"] {
            assert!(unhex::<2>(text).is_err(), "{text}");
        }
    }
}
