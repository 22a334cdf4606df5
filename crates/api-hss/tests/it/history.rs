//! Changes as the three history calls tell them.

use crate::contract::HSS;
use crate::world::{NOW, World};
use muster_model::asset::User;
use muster_model::{Fact, Kind};
use serde_json::Value;

fn account(name: &str, shell: &str) -> Fact {
    User { name: name.into(), uid: 7, shell: shell.into(), ..User::default() }.into()
}

#[tokio::test]
async fn accounts_that_come_change_and_go() {
    for world in World::each().await {
        let path = "/asset/user/change-history";
        assert_eq!(world.get(path).await.ok()["total_num"], 0, "the first inventory is no change");
        world.report(Kind::Users, vec![account("eve", "/bin/sh")], NOW.plus_secs(10)).await;
        world.report(Kind::Users, vec![account("eve", "/bin/bash")], NOW.plus_secs(20)).await;
        world.report(Kind::Users, vec![], NOW.plus_secs(30)).await;
        let answer = world.get(path).await.ok();
        HSS.check("ListUserChangeHistories", &answer);
        let told = |answer: &Value| -> Vec<String> {
            let rows = answer["data_list"].as_array().unwrap();
            rows.iter()
                .map(|row| {
                    format!("{} {} {}", row["change_type"], row["user_name"], row["shell"])
                        .replace('"', "")
                })
                .collect()
        };
        let mut newest_first = told(&answer);
        assert_eq!(newest_first.len(), 4, "{newest_first:?}");
        assert_eq!(newest_first[0], "DELETE eve /bin/bash");
        assert_eq!(newest_first[1], "MODIFY eve /bin/bash");
        newest_first[2..].sort();
        assert_eq!(newest_first[2..], ["ADD eve /bin/sh", "DELETE root /bin/bash"]);
        for (query, total) in [
            ("change_type=MODIFY", 1),
            ("user_name=eve", 3),
            ("host_name=web-2", 0),
            ("private_ip=10.0.0.1", 4),
            ("root_permission=true", 1),
            (&format!("start_time={}", NOW.plus_secs(20).millis()), 2),
            (&format!("end_time={}", NOW.plus_secs(10).millis()), 2),
        ] {
            let answer = world.get(&format!("{path}?{query}")).await.ok();
            assert_eq!(answer["total_num"], total, "{query}");
        }
        let oldest_first = world.get(&format!("{path}?sort_dir=asc")).await.ok();
        assert_eq!(told(&oldest_first)[2..], ["MODIFY eve /bin/bash", "DELETE eve /bin/bash"]);
        let last = world.get(&format!("{path}?sort_dir=asc&offset=3")).await.ok();
        assert_eq!(told(&last), ["DELETE eve /bin/bash"]);
    }
}
