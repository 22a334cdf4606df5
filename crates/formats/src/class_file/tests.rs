use super::*;

/// `class NAME { int f; static Object m() { return new NAME("TEXT"); } }` in the words of the class file, with the pool in
/// one of two orders.
fn class(name: &str, text: &str, turned: bool) -> Vec<u8> {
    let descriptor = format!("()L{name};");
    let mut utf8 = vec![name, "java/lang/Object", "f", "I", "m", &descriptor, "Code", text];
    if turned {
        utf8.reverse();
    }
    let at = |wanted: &str| {
        u16::try_from(utf8.iter().position(|one| *one == wanted).unwrap() + 1).unwrap()
    };
    let mut out = 0xcafe_babe_u32.to_be_bytes().to_vec();
    out.extend([0, 0, 0, 52, 0, 12]);
    for one in &utf8 {
        out.push(1);
        out.extend(u16::try_from(one.len()).unwrap().to_be_bytes());
        out.extend(one.as_bytes());
    }
    for (tag, target) in [(7, at(name)), (7, at("java/lang/Object")), (8, at(text))] {
        out.push(tag);
        out.extend(target.to_be_bytes());
    }
    let mut short = |numbers: &[u16]| numbers.iter().for_each(|n| out.extend(n.to_be_bytes()));
    short(&[0x21, 9, 10, 0, 1, 2, at("f"), at("I"), 0, 1, 9, at("m"), at(&descriptor), 1]);
    // new NAME; ldc TEXT; areturn. The reference is wide in one of the two.
    let code: Vec<u8> =
        if turned { vec![0xbb, 0, 9, 0x13, 0, 11, 0xb0] } else { vec![0xbb, 0, 9, 0x12, 11, 0xb0] };
    short(&[at("Code")]);
    let length = u32::try_from(code.len()).unwrap();
    out.extend((length + 12).to_be_bytes());
    out.extend([0, 2, 0, 0]);
    out.extend(length.to_be_bytes());
    out.extend(code);
    out.extend([0, 0, 0, 0, 0, 0]);
    out
}

#[test]
fn moving_a_class_keeps_its_fingerprint() {
    let here = fingerprint(&class("org/yaml/Yaml", "hello", false));
    assert!(here.is_some());
    assert_eq!(here, fingerprint(&class("hidden/org_yaml/Yaml", "hello", true)));
    assert_ne!(here, fingerprint(&class("org/yaml/Yaml2", "hello", false)));
    assert_ne!(here, fingerprint(&class("org/yaml/Yaml", "bye", false)));
    // A text that may be a package's name is moved along.
    assert_eq!(
        fingerprint(&class("a/B", "com.x", false)),
        fingerprint(&class("h/a/B", "h.com.x", true))
    );
}

#[test]
fn what_is_no_class_has_none() {
    assert_eq!(fingerprint(b""), None);
    assert_eq!(fingerprint(b"\xca\xfe\xba\xbe\0\0\0\x34\0\x05"), None);
    let whole = class("a/B", "t", false);
    for cut in 0..whole.len() - 2 {
        assert_eq!(fingerprint(&whole[..cut]), None, "{cut}");
    }
}
