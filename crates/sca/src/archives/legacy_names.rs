//! Names of members that are not UTF-8: packers of old wrote them in the code page of their machine and did
//! not say which. The candidates are tried, and the one that reads most like names wins.

use encoding_rs::{Encoding, GBK, SHIFT_JIS};
use std::borrow::Cow;

/// The name as text.
pub(crate) fn decode(raw: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(raw) {
        return Cow::Borrowed(text);
    }
    [SHIFT_JIS, GBK]
        .into_iter()
        .filter_map(|encoding| {
            let text = try_decode(encoding, raw)?;
            Some((score(&text), text))
        })
        // Of equal ones the later: GBK's characters are the more frequent ones.
        .max_by_key(|(score, _)| *score)
        .map_or_else(|| String::from_utf8_lossy(raw), |(_, text)| Cow::Owned(text))
}

fn try_decode(encoding: &'static Encoding, raw: &[u8]) -> Option<String> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(raw)?;
    (!text.chars().any(char::is_control)).then(|| text.into_owned())
}

/// How much a text reads like a name: kana and the common Chinese characters for it, half-width kana, rare
/// characters and private ones against it.
fn score(text: &str) -> i64 {
    let points = |c: char| match c {
        '\0'..='\u{7f}' => 0,
        'ぁ'..='ヿ' => 4,
        '\u{4e00}'..='\u{9fff}' => 2,
        '\u{ff61}'..='\u{ff9f}' => -4,
        '\u{e000}'..='\u{f8ff}' => -8,
        _ => -1,
    };
    text.chars().map(points).sum::<i64>() * 100
        / i64::try_from(text.chars().count().max(1)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_chinese_and_japanese_packers_are_read() {
        for (text, encoding) in [
            ("配置文件/应用程序.jar", GBK),
            ("测试.txt", GBK),
            ("ライブラリ/設定ファイル.jar", SHIFT_JIS),
            ("テスト.txt", SHIFT_JIS),
        ] {
            let (raw, _, lossy) = encoding.encode(text);
            assert!(!lossy);
            assert_eq!(decode(&raw), text);
        }
        assert_eq!(decode("é.txt".as_bytes()), "é.txt");
        assert_eq!(decode(b"a\xff"), "a\u{fffd}");
    }
}
