//! What starts by itself, source by source.

use crate::world::World;
use muster_inventory::Swept;
use muster_model::{Column, Fact, Kind};

fn sweep(world: &World) -> Swept {
    let swept = world.sweep(Kind::AutoLaunch);
    assert_eq!(swept.diagnostics, []);
    swept
}

/// Type, name, user, command of each item, sorted.
fn items(swept: &Swept) -> Vec<String> {
    let mut items: Vec<String> = swept
        .rows
        .iter()
        .map(|row| {
            let text = |column| row.fact.text(column);
            let code = row.fact.int(Column::CodeType).unwrap();
            let (name, user) = (text(Column::Name), text(Column::RunUser));
            format!("{code} {name} {user}: {}", text(Column::Args))
        })
        .collect();
    items.sort();
    items
}

fn fact<'a>(swept: &'a Swept, name: &str) -> &'a Fact {
    let mut facts = swept.rows.iter().map(|row| &row.fact);
    facts.find(|fact| fact.text(Column::Name) == name).unwrap()
}

#[test]
fn enabled_units_are_found_with_drop_ins_templates_and_triggers() {
    let world = World::new();
    let lib = "/usr/lib/systemd/system";
    world.link("/lib", "usr/lib");
    world.write(
        &format!("{lib}/web.service"),
        "[Service]\nExecStart=/bin/web\nUser=www\n[Install]\nWantedBy=multi-user.target\n",
    );
    world.write(
        "/etc/systemd/system/web.service.d/10.conf",
        "[Service]\nExecStart=\nExecStart=-/bin/web --%p\n",
    );
    world.write(&format!("{lib}/web.service.d/10.conf"), "[Service]\nUser=hidden\n");
    world.link(
        "/etc/systemd/system/multi-user.target.wants/web.service",
        &format!("{lib}/web.service"),
    );
    world.write(&format!("{lib}/getty@.service"), "[Service]\nExecStart=/sbin/agetty %I\n");
    world.link(
        "/etc/systemd/system/getty.target.wants/getty@tty1.service",
        &format!("{lib}/getty@.service"),
    );
    world.write(&format!("{lib}/job.timer"), "[Timer]\nOnCalendar=daily\nOnBootSec=5min\n");
    world.write(
        &format!("{lib}/job.service"),
        "[Service]\nExecStart=/bin/job\nDynamicUser=yes\n[Unit]\nWants=helper.service\n",
    );
    world.link("/etc/systemd/system/timers.target.wants/job.timer", &format!("{lib}/job.timer"));
    world.write(&format!("{lib}/echo.socket"), "[Socket]\nListenStream=7\nAccept=yes\n");
    world.write(&format!("{lib}/echo@.service"), "[Service]\nExecStart=/bin/echo\n");
    world.link("/etc/systemd/system/sockets.target.wants/echo.socket", "../echo.socket");
    world.write(&format!("{lib}/pulled.service"), "[Service]\nExecStart=/bin/pulled\n");
    world.write(&format!("{lib}/graphical.target"), "[Unit]\nRequires=pulled.service\n");
    world.link(&format!("{lib}/default.target"), "graphical.target");
    world.write(&format!("{lib}/idle.service"), "[Service]\nExecStart=/bin/idle\n");
    let swept = sweep(&world);
    assert_eq!(
        items(&swept),
        [
            "0 echo.socket root: /bin/echo",
            "0 getty@tty1.service root: /sbin/agetty tty1",
            "0 pulled.service root: /bin/pulled",
            "0 web.service www: /bin/web --web",
            "1 job.timer job: /bin/job",
        ]
    );
    let web = fact(&swept, "web.service");
    assert_eq!(web.text(Column::Path), "/usr/lib/systemd/system/web.service");
    assert_eq!(web.text(Column::Hash).len(), 64);
    let drop_ins = serde_json::json!(["/etc/systemd/system/web.service.d/10.conf"]);
    assert_eq!(web.evidence()["drop_ins"], drop_ins);
    assert_eq!(web.evidence()["wanted_by"], serde_json::json!(["multi-user.target"]));
    let schedule = serde_json::json!(["OnCalendar=daily", "OnBootSec=5min"]);
    assert_eq!(fact(&swept, "job.timer").evidence()["schedule"], schedule);
}

#[test]
fn masks_aliases_and_stronger_directories_are_respected() {
    let world = World::new();
    let lib = "/usr/lib/systemd/system";
    for name in ["masked", "empty", "own", "real"] {
        world
            .write(&format!("{lib}/{name}.service"), format!("[Service]\nExecStart=/lib/{name}\n"));
        world.link(
            &format!("{lib}/multi-user.target.wants/{name}.service"),
            &format!("../{name}.service"),
        );
    }
    world.link("/etc/systemd/system/masked.service", "/dev/null");
    world.write("/run/systemd/system/empty.service", "");
    world.write("/etc/systemd/system/own.service", "[Service]\nExecStart=/etc/own\n");
    world.link("/etc/systemd/system/alias.service", "/usr/lib/systemd/system/real.service");
    world.link("/etc/systemd/system/graphical.target.wants/alias.service", "../alias.service");
    world.link("/etc/systemd/system/multi-user.target.wants/gone.service", "/lib/gone.service");
    world.link("/etc/systemd/system/loop.service", "loop2.service");
    world.link("/etc/systemd/system/loop2.service", "loop.service");
    world.link("/etc/systemd/system/multi-user.target.wants/loop.service", "../loop.service");
    let swept = world.sweep(Kind::AutoLaunch);
    assert_eq!(items(&swept), ["0 own.service root: /etc/own", "0 real.service root: /lib/real"]);
}

#[test]
fn user_units_and_log_in_scripts_belong_to_their_user() {
    let world = World::new();
    world.write("/etc/passwd", "ann:x:7:7::/home/ann:/bin/sh\nann2:x:8:8::/home/ann/:/bin/sh\nnobody:x:9:9::/nonexistent:/bin/sh\n");
    world.write(
        "/home/ann/.config/systemd/user/evil.service",
        "[Service]\nExecStart=/home/ann/evil\n",
    );
    world.link(
        "/home/ann/.config/systemd/user/default.target.wants/evil.service",
        "../evil.service",
    );
    world.write("/home/ann/.bashrc", "x");
    world.write("/home/ann/.config/autostart/a.desktop", "[Desktop Entry]\nName=A\nExec=a --b\n");
    world.write("/home/ann/.config/autostart/b.desktop", "[Desktop Entry]\nExec=b\nHidden=true\n");
    world.write("/etc/xdg/autostart/c.desktop", "[Desktop Entry]\nExec=c\n");
    world.write("/etc/profile.d/x.sh", "x");
    world.write("/etc/profile.d/x.sh.dpkg-old", "x");
    assert_eq!(
        items(&sweep(&world)),
        [
            "0 evil.service ann: /home/ann/evil",
            "4 .bashrc ann: ",
            "4 A ann: a --b",
            "4 c.desktop : c",
            "4 x.sh : ",
        ]
    );
}

#[test]
fn cron_at_and_anacron_are_read_in_all_their_places() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    world.write("/etc/passwd", "dan:x:1001:7::/x:/bin/sh\n");
    world.write(
        "/etc/crontab",
        "SHELL=/bin/sh\n17 * * * * root cd / && run-parts /etc/cron.hourly\n",
    );
    world.write("/etc/cron.d/a", "@reboot www mysql -pgeheim && API_KEY=geheim /bin/a\n");
    world.write("/etc/cron.d/.placeholder", "@reboot www /bin/no\n");
    world.write("/var/spool/cron/crontabs/bob", "0 0 * * * /bin/b\n");
    world.write("/var/spool/cron/cat", "0 0 * * * /bin/c\n");
    world.write("/etc/anacrontab", "1 5 cron.daily /bin/d\n");
    world.write("/etc/cron.daily/e", "#!/bin/sh\n");
    world.write("/etc/cron.daily/no", "not executable\n");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.path("/etc/cron.daily/e"), executable).unwrap();
    world.write(
        "/var/spool/cron/atjobs/a0000101c9f5d0",
        "#!/bin/sh\n# atrun uid=1001 gid=7\nP=secret; export P\ncd / || {\n\texit 1\n}\n/bin/f\n",
    );
    let swept = sweep(&world);
    assert_eq!(
        items(&swept),
        [
            "1 a www: mysql -p****** && API_KEY=****** /bin/a",
            "1 a0000101c9f5d0 dan: /bin/f",
            "1 b bob: /bin/b",
            "1 c cat: /bin/c",
            "1 d root: /bin/d",
            "1 e root: /etc/cron.daily/e",
            "1 run-parts root: cd / && run-parts /etc/cron.hourly",
        ]
    );
    assert_eq!(
        fact(&swept, "a0000101c9f5d0").evidence()["schedule"],
        "2027-01-24T06:40:00.000000Z"
    );
}

#[test]
fn init_scripts_start_unless_a_unit_takes_their_place() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    world.write("/etc/init.d/ssh", "#!/bin/sh\n");
    world.write("/etc/init.d/old", "#!/bin/sh\n");
    world.link("/etc/rc2.d/S01ssh", "../init.d/ssh");
    world.link("/etc/rc3.d/S01ssh", "../init.d/ssh");
    world.link("/etc/rc2.d/K01old", "../init.d/old");
    world.link("/etc/rc5.d/S20old", "../init.d/old");
    world.write("/etc/rc.local", "#!/bin/sh\n");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.path("/etc/rc.local"), executable).unwrap();
    world.link("/etc/runlevels/default/crond", "/etc/init.d/crond");
    world.write("/etc/init.d/crond", "#!/sbin/openrc-run\n");
    world.write("/etc/inittab", "# c\n::sysinit:/sbin/openrc sysinit\n1:2345:respawn:/sbin/getty 38400 tty1\nx:0:off:/bin/x\n");
    let all = [
        "0 crond root: /etc/init.d/crond start",
        "0 getty root: /sbin/getty 38400 tty1",
        "0 old root: /etc/init.d/old start",
        "0 openrc root: /sbin/openrc sysinit",
        "0 rc.local root: /etc/rc.local start",
        "0 ssh root: /etc/init.d/ssh start",
    ];
    let swept = sweep(&world);
    assert_eq!(items(&swept), all);
    assert_eq!(fact(&swept, "ssh").evidence()["levels"], serde_json::json!(["2", "3"]));
    world.write("/usr/lib/systemd/systemd", "");
    world.write("/usr/lib/systemd/system/ssh.service", "[Service]\n");
    assert_eq!(items(&sweep(&world)), all[..5]);
}

#[test]
fn preloaded_libraries_and_udev_programs_are_found() {
    let world = World::new();
    world.write("/etc/ld.so.preload", "/lib/evil.so:/lib/b.so # c\n");
    world.write("/lib/evil.so", "x");
    world.write("/etc/environment", "LD_PRELOAD=\"/lib/c.so\"\n");
    world.write("/etc/udev/rules.d/1.rules", "ACTION==\"add\", RUN+=\"/bin/u $name\"\n");
    world.write("/usr/lib/udev/rules.d/1.rules", "RUN+=\"/bin/hidden\"\n");
    let swept = sweep(&world);
    assert_eq!(items(&swept), ["0 u root: /bin/u $name", "2 b.so : ", "2 c.so : ", "2 evil.so : "]);
    assert_eq!(fact(&swept, "evil.so").text(Column::Path), "/lib/evil.so");
    assert_eq!(
        fact(&swept, "evil.so").text(Column::Hash),
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    );
}

#[test]
fn this_machine_is_swept_without_trouble() {
    let options = muster_inventory::Options::default();
    let mut inventory = muster_inventory::Inventory::new(options).unwrap();
    let swept = inventory.sweep(&[Kind::AutoLaunch]).remove(0);
    assert!(swept.rows.len() > 5, "{:?}", items(&swept));
}

#[test]
fn programs_that_wait_for_an_event_are_found_if_they_can_run() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    for (path, mode) in [
        ("/etc/network/if-up.d/routes", 0o755),
        ("/etc/network/if-up.d/README", 0o644),
        ("/etc/NetworkManager/dispatcher.d/99-vpn.dpkg-old", 0o755),
        ("/etc/dhcp/dhclient-exit-hooks.d/ntp", 0o644),
        ("/usr/lib/systemd/system-sleep/lock", 0o700),
    ] {
        world.write(path, "#!/bin/sh\n");
        std::fs::set_permissions(world.path(path), PermissionsExt::from_mode(mode)).unwrap();
    }
    assert_eq!(
        items(&sweep(&world)),
        [
            "4 lock root: /usr/lib/systemd/system-sleep/lock",
            "4 ntp root: /etc/dhcp/dhclient-exit-hooks.d/ntp",
            "4 routes root: /etc/network/if-up.d/routes",
        ]
    );
}
