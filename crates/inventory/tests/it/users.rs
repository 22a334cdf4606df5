//! Accounts, on roots made for the rule in question and on this machine.

use crate::world::{World, column};
use muster_inventory::{Inventory, Options, Swept};
use muster_model::{Column, Fact, Kind};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f a@b";
const HASH: &str = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7";

fn fact<'a>(swept: &'a Swept, name: &str) -> &'a Fact {
    let mut rows = swept.rows.iter().map(|row| &row.fact);
    rows.find(|fact| fact.text(Column::Name) == name).unwrap()
}

fn may_log_in(swept: &Swept, name: &str) -> bool {
    fact(swept, name).flag(Column::LoginPermission)
}

fn world() -> World {
    let world = World::new();
    world.write("/bin/sh", "");
    world.write("/usr/sbin/nologin", "");
    world
}

#[test]
fn login_needs_a_shell_a_valid_account_and_something_to_show() {
    let world = world();
    let names = ["root", "nologin", "noshell", "locked", "star", "pass", "old", "stale", "key"];
    let mut passwd = String::new();
    let mut shadow = String::new();
    for (uid, name) in names.iter().enumerate() {
        let shell = match *name {
            "nologin" => "/usr/sbin/nologin",
            "noshell" => "/bin/gone",
            _ => "/bin/sh",
        };
        passwd += &format!("{name}:x:{uid}:{uid}::/home/{name}:{shell}\n");
        let rest = match *name {
            "locked" => format!("!{HASH}:19000:0:99999:7:::"),
            "star" | "key" => "*:19000:0:99999:7:::".to_owned(),
            "old" => format!("{HASH}:19000:0:99999:7::19100:"),
            "stale" => format!("{HASH}:19000:0:90:7:10::"),
            _ => format!("{HASH}:19000:0:99999:7:::"),
        };
        shadow += &format!("{name}:{rest}\n");
    }
    world.write("/etc/passwd", passwd);
    world.write("/etc/shadow", shadow);
    world.write("/home/key/.ssh/authorized_keys", KEY);
    let swept = world.sweep(Kind::Users);
    let open: Vec<&str> = names.into_iter().filter(|name| may_log_in(&swept, name)).collect();
    assert_eq!(open, ["root", "pass", "key"]);
    let reason = |name| fact(&swept, name).text(Column::Reason).to_owned();
    assert_eq!(reason("root"), "login by password (the password not through sshd); root by uid 0");
    assert_eq!(reason("key"), "login by key; not root");
    assert_eq!(reason("old"), "no login: the account has expired; not root");
    assert_eq!(reason("locked"), "no login: password locked, no key; not root");
    let keys = &fact(&swept, "key").evidence()["authorized_keys"];
    assert_eq!(keys[0]["fingerprint"], "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA");
    assert_eq!(keys[0]["path"], "/home/key/.ssh/authorized_keys");
}

#[test]
fn no_part_of_a_password_leaves() {
    let world = world();
    world.write("/etc/passwd", format!("a:x:1:1::/a:/bin/sh\nb:{HASH}:2:2::/b:/bin/sh\n"));
    world.write("/etc/shadow", format!("a:{HASH}:19000::::::\n"));
    let swept = world.sweep(Kind::Users);
    let json = serde_json::to_string(&*swept.rows).unwrap();
    assert!(may_log_in(&swept, "a") && may_log_in(&swept, "b"));
    for part in ["$y$", "j9T", "F5Jx5", "X3DX6M94c7o", "19000"] {
        assert!(!json.contains(part), "{json}");
    }
}

#[test]
fn sshd_may_refuse_and_its_files_are_followed() {
    let world = world();
    world.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:7:7::/home/ann:/bin/sh\nbob:x:8:8::/home/bob:/bin/sh\ndan:x:9:9::/home/dan:/bin/sh\n");
    world.write("/etc/group", "ops:x:50:ann,dan\n");
    world.write(
        "/etc/shadow",
        format!("bob:{HASH}:19000::::::\ndan:{HASH}:19000::::::\nroot:*:19000::::::\n"),
    );
    world.write("/etc/ssh/sshd_config", "Include sshd_config.d/*.conf\nPermitRootLogin no\n");
    world.write(
        "/etc/ssh/sshd_config.d/10.conf",
        "AllowGroups ops\nDenyUsers dan\nAuthorizedKeysFile /etc/keys/%u\n",
    );
    world.write("/etc/keys/ann", KEY);
    world.write("/etc/keys/root", KEY);
    let swept = world.sweep(Kind::Users);
    assert!(may_log_in(&swept, "ann"));
    assert!(!may_log_in(&swept, "bob"));
    assert!(!may_log_in(&swept, "dan"));
    assert!(!may_log_in(&swept, "root"));
    assert!(fact(&swept, "bob").text(Column::Reason).contains("refused by AllowGroups"));
    assert!(fact(&swept, "dan").text(Column::Reason).contains("refused by DenyUsers"));
    assert_eq!(fact(&swept, "ann").evidence()["groups"], serde_json::json!(["ops"]));
}

#[test]
fn root_is_uid_0_or_sudo_with_its_includes() {
    let world = world();
    world.write("/etc/hostname", "web1\n");
    world.write("/etc/passwd", "root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\nann:x:7:27::/:/bin/sh\nbob:x:8:8::/:/bin/sh\ncat:x:9:9::/:/bin/sh\n");
    world.write("/etc/group", "sudo:x:27:\nother:x:8:cat\n");
    world.write(
        "/etc/sudoers",
        "Defaults env_reset\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
    );
    world.write("/etc/sudoers.d/web", "Host_Alias WEB=web1\ncat WEB=(root) NOPASSWD: /bin/kill\n");
    world.write("/etc/sudoers.d/off.bak", "bob ALL=ALL\n");
    let mut inventory = world.inventory();
    let swept = inventory.sweep(&[Kind::Users]).remove(0);
    let roots = |swept: &Swept| {
        let rows = swept.rows.iter().filter(|row| row.fact.flag(Column::RootPermission));
        let mut names: Vec<String> =
            rows.map(|row| row.fact.text(Column::Name).to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(roots(&swept), ["ann", "root", "toor"]);
    assert_eq!(
        fact(&swept, "cat").evidence()["sudo"],
        serde_json::json!(["(root) NOPASSWD: /bin/kill"])
    );
    assert!(fact(&swept, "ann").text(Column::Reason).contains("root by sudo (ALL : ALL) ALL"));
    // A file that appears in an included directory is a change of the policy.
    world.write("/etc/sudoers.d/new", "bob ALL=NOPASSWD:ALL\n");
    let swept = inventory.sweep(&[Kind::Users]).remove(0);
    assert!(swept.changed);
    assert_eq!(roots(&swept), ["ann", "bob", "root", "toor"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the tool an administrator would use is the oracle")]
fn the_rows_are_those_of_getent() {
    let output = std::process::Command::new("getent").arg("passwd").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut expected: Vec<String> = text
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            [fields[0], fields[2], fields[3], fields[5], fields[6]].join(":")
        })
        .collect();
    expected.sort();
    let swept = Inventory::new(Options::default()).unwrap().sweep(&[Kind::Users]).remove(0);
    let mut found: Vec<String> = swept
        .rows
        .iter()
        .map(|row| {
            let fact = &row.fact;
            let number = |column| fact.int(column).unwrap().to_string();
            let (uid, gid) = (number(Column::Uid), number(Column::Gid));
            let text = |column| fact.text(column);
            [text(Column::Name), &uid, &gid, text(Column::HomeDir), text(Column::Shell)].join(":")
        })
        .collect();
    found.sort();
    assert_eq!(found, expected);
    assert!(column(&swept, Column::GroupName).contains(&"root".to_owned()));
}
