//! National double certificates: imported, issued, their envelopes opened.

use crate::World;
use crate::openssl::Made;
use muster_vault::envelope;
use muster_vault::x509::PrivateKey;
use serde_json::{Value, json};

fn buy() -> Value {
    json!({
        "cert_brand": "CFCA", "cert_type": "OV_SSL_CERT", "domain_type": "SINGLE_DOMAIN", "effective_time": 1,
        "domain_numbers": 1, "order_number": 1, "agree_privacy_protection": true,
    })
}

fn apply() -> Value {
    json!({
        "domain": "gm.example", "applicant_name": "a", "applicant_phone": "1", "applicant_email": "a@b",
        "agree_privacy_protection": true, "domain_method": "DNS", "key_algorithm": "SM2", "company_name": "示例",
        "company_province": "上海", "company_city": "上海", "country": "CN",
    })
}

async fn issued(world: &World, body: Value) -> Value {
    let order = world.ask("POST", "/certificates/buy", buy()).await;
    let id = order["cert"][0]["cert_id"].as_str().unwrap().to_owned();
    world.ask("POST", &format!("/certificates/{id}/apply"), body).await;
    world.export(&id).await
}

fn verified(made: &Made, out: &Value) {
    let text = |key: &str| out[key].as_str().unwrap().to_owned();
    made.put("root.pem", &text("certificate_chain"));
    made.put("sign.pem", &text("certificate"));
    made.put("enc.pem", &text("enc_certificate"));
    made.run("verify -attime 1767225700 -vfyopt distid:1234567812345678 -CAfile root.pem sign.pem enc.pem");
    let (_, usage) = made.ask("x509 -in enc.pem -noout -ext keyUsage");
    assert!(usage.contains("Key Encipherment, Data Encipherment, Key Agreement"), "{usage}");
    let (_, usage) = made.ask("x509 -in sign.pem -noout -ext keyUsage");
    assert!(usage.contains("Digital Signature, Non Repudiation"), "{usage}");
}

fn public(made: &Made, certificate: &str, key: &str) {
    made.put("it.key", key);
    made.run("pkey -in it.key -pubout -out key.pub");
    made.run(&format!("x509 -in {certificate} -noout -pubkey -out cert.pub"));
    assert_eq!(made.text("key.pub"), made.text("cert.pub"), "{certificate}");
}

#[tokio::test]
async fn both_keys_are_ours_and_leave_plain_and_come_back() {
    let (world, made) = (World::new().await, Made::new());
    let out = issued(&world, apply()).await;
    verified(&made, &out);
    let text = |key: &str| out[key].as_str().unwrap();
    public(&made, "sign.pem", text("private_key"));
    public(&made, "enc.pem", text("enc_private_key"));
    let import = json!({
        "name": "gm-1", "certificate": text("certificate"), "certificate_chain": text("certificate_chain"),
        "private_key": text("private_key"), "enc_certificate": text("enc_certificate"),
        "enc_private_key": text("enc_private_key"),
    });
    let id = world.ask("POST", "/certificates/import", import.clone()).await;
    let again = world.export(id["certificate_id"].as_str().unwrap()).await;
    assert_eq!(again, out);
    let mut swapped = import.clone();
    for (here, there) in [("certificate", "enc_certificate"), ("private_key", "enc_private_key")] {
        swapped[here] = import[there].clone();
        swapped[there] = import[here].clone();
    }
    let (_, _, message) = world.refused("POST", "/certificates/import", swapped).await;
    assert!(message.contains("swapped"), "{message}");
    let mut wrong = import;
    wrong["enc_private_key"] = wrong["private_key"].clone();
    let (_, code, _) = world.refused("POST", "/certificates/import", wrong).await;
    assert_eq!(code, "SCM.0014");
}

#[tokio::test]
async fn with_the_customers_own_request_the_encryption_key_comes_in_an_envelope() {
    let (world, made) = (World::new().await, Made::new());
    made.run("genpkey -algorithm SM2 -out own.key");
    made.run("req -new -sm3 -sigopt distid:1234567812345678 -key own.key -subj /CN=gm.example -out own.csr");
    let mut body = apply();
    body["csr"] = json!(made.text("own.csr"));
    let out = issued(&world, body).await;
    verified(&made, &out);
    assert!(out.get("private_key").is_none());
    let sealed = out["enc_private_key"].as_str().unwrap();
    assert!(sealed.len() <= 4096 && !sealed.contains("BEGIN"));
    let own = PrivateKey::from_pem(&made.text("own.key")).unwrap();
    let opened = envelope::open(sealed.as_bytes(), &own, None).unwrap();
    public(&made, "enc.pem", &opened.to_pem().unwrap());
    let import = json!({
        "name": "gm-1", "certificate": out["certificate"], "private_key": made.text("own.key"),
        "enc_certificate": out["enc_certificate"], "enc_private_key": sealed,
    });
    let (_, code, message) = world.refused("POST", "/certificates/import", import).await;
    assert!(code == "SCM.0012" && message.contains("muster cert unwrap"), "{message}");
}
