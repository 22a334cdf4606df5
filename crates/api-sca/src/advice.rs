//! Why a component should move to the version it is recommended, or why nothing is recommended.

/// The sentence for a component, in Chinese or English. `why` and `not_checked` are the words the results keep.
pub(crate) fn text(why: &str, not_checked: &str, version: &str, chinese: bool) -> String {
    let (zh, en) = match why {
        "not_needed" => (
            "没有已知的中危及以上漏洞影响当前版本".to_owned(),
            "no known vulnerability of grade medium or higher affects this version".to_owned(),
        ),
        "same_major" => (
            format!("升级到 {version}:同一主版本中不受任何已知中危及以上漏洞影响的最低版本"),
            format!(
                "move to {version}: the lowest version of the same major line that no known vulnerability of \
                 grade medium or higher affects"
            ),
        ),
        "other_major" => (
            format!(
                "同一主版本中没有已知不受影响的版本;{version} 是更高主版本中不受影响的最低版本"
            ),
            format!(
                "no version of the same major line is known to be unaffected; {version} is the lowest later \
                 one that is"
            ),
        ),
        "none_known" => (
            "没有已知的版本不受中危及以上漏洞影响".to_owned(),
            "no version is known that no vulnerability of grade medium or higher affects"
                .to_owned(),
        ),
        _ => {
            let (zh, en) = reason(not_checked);
            (format!("未检查:{zh}"), format!("not checked: {en}"))
        }
    };
    if chinese { zh } else { en }
}

/// Why a component was not checked.
fn reason(word: &str) -> (&'static str, &'static str) {
    match word {
        "no_knowledge" => ("本机没有漏洞知识库", "this server has no knowledge base"),
        "no_source" => ("没有已加载的来源覆盖其生态", "no loaded source covers its ecosystem"),
        "unknown_type" => {
            ("没有针对此类软件包的公告", "nobody makes advisories for packages of its type")
        }
        "no_group" => ("无法确定其组织", "its group is not known"),
        "no_version" => ("没有版本", "it has no version"),
        "unreadable_version" => ("版本无法比较", "its version cannot be compared"),
        "no_release" => ("不知道发行版的版本", "the release of its distribution is not known"),
        _ => ("无法识别", "it could not be identified"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_recommended_without_a_reason() {
        for why in ["not_needed", "same_major", "other_major", "none_known", "not_checked"] {
            for chinese in [true, false] {
                assert!(text(why, "no_source", "2.0", chinese).len() > 10, "{why}");
            }
        }
        assert!(text("same_major", "", "2.0", false).contains("2.0"));
        assert!(text("not_checked", "no_source", "", false).contains("no loaded source"));
    }
}
