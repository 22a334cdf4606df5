//! Where issued certificates say their revocation list is, and that list for everybody.

use crate::World;
use crate::openssl::Made;
use crate::orders::{apply, bought};
use muster_model::ErrorKind;
use muster_service::Settings;
use muster_service::certificates::{CertificateSettings, orders, revocations};
use muster_testkit::{TestApp, on_both_databases};

on_both_databases! {
    async fn the_open_list_is_signed_only_when_it_has_to_be(test: TestDb) {
        let base = "http://pki.example/muster/";
        let certificates = CertificateSettings { crl_address: Some(base.into()), ..CertificateSettings::default() };
        let settings = Settings { certificates, ..Settings::default() };
        let world = World::on(TestApp::with(test, settings).await).await;
        let (app, operator) = (world.test.app.clone(), world.test.operator());
        let made = Made::new();
        let address = "192.0.2.1".parse().unwrap();
        let domain = operator.domain_id.as_str();
        let number = async || {
            let list = revocations::open(&app, address, domain, "EC.crl").await.unwrap();
            std::fs::write(made.path().join("list.crl"), list).unwrap();
            let (ok, said) = made.ask("crl -inform DER -in list.crl -noout -crlnumber -text");
            assert!(ok, "{said}");
            (said.lines().find(|line| line.starts_with("crlNumber=")).unwrap().to_owned(), said.matches("Serial Number").count())
        };
        for (domain, file) in [(domain, "EC.crl"), (domain, "EC"), (domain, "DSA.crl"), ("nobody", "EC.crl")] {
            let error = revocations::open(&app, address, domain, file).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{domain} {file}");
        }
        let id = bought(&world, "SINGLE_DOMAIN", 1).await;
        world.ask("POST", &format!("/certificates/{id}/apply"), apply("a.example", "EC_P256")).await;
        let out = world.export(&id).await;
        made.put("out.pem", out["certificate"].as_str().unwrap());
        made.put("root.pem", out["certificate_chain"].as_str().unwrap());
        let (_, said) = made.ask("x509 -in out.pem -noout -ext crlDistributionPoints");
        assert!(said.contains(&format!("URI:http://pki.example/muster/crl/{domain}/EC.crl")), "{said}");
        let (_, said) = made.ask("x509 -in root.pem -noout -ext crlDistributionPoints");
        assert!(!said.contains("URI:"), "{said}");

        assert_eq!(number().await, ("crlNumber=0x01".into(), 0));
        world.test.clock.advance_secs(60);
        assert_eq!(number().await, ("crlNumber=0x01".into(), 0));
        orders::revoke(&app, &operator, &id, "keyCompromise").await.unwrap();
        // Within the seconds of a look the list is the one before.
        assert_eq!(number().await, ("crlNumber=0x01".into(), 0));
        world.test.clock.advance_secs(10);
        assert_eq!(number().await, ("crlNumber=0x02".into(), 1));
        let shown = revocations::show(&app, &operator, "EC").await.unwrap();
        made.put("shown.pem", &shown);
        made.run("crl -in shown.pem -outform DER -out shown.crl");
        let same = |file: &str| std::fs::read(made.path().join(file)).unwrap();
        assert_eq!(same("shown.crl"), same("list.crl"));
        world.test.clock.advance_secs(86_400 - 71);
        assert_eq!(number().await, ("crlNumber=0x02".into(), 1));
        world.test.clock.advance_secs(86_400);
        assert_eq!(number().await, ("crlNumber=0x03".into(), 1));

        let mut last = Ok(Vec::new().into());
        for _ in 0..=120 {
            last = revocations::open(&app, address, domain, "EC.crl").await;
        }
        assert_eq!(last.unwrap_err().kind(), ErrorKind::RateLimited);
        let other = "192.0.2.2".parse().unwrap();
        revocations::open(&app, other, domain, "EC.crl").await.unwrap();
    }
}

#[tokio::test]
async fn without_an_address_of_lists_nothing_is_open() {
    let world = World::new().await;
    let id = bought(&world, "SINGLE_DOMAIN", 1).await;
    world.ask("POST", &format!("/certificates/{id}/apply"), apply("a.example", "EC_P256")).await;
    let made = Made::new();
    made.put("out.pem", world.export(&id).await["certificate"].as_str().unwrap());
    let (_, said) = made.ask("x509 -in out.pem -noout -text");
    assert!(!said.contains("CRL Distribution Points"), "{said}");
    let (app, domain) = (&world.test.app, world.test.operator().domain_id);
    let address = "192.0.2.1".parse().unwrap();
    let open = revocations::open(app, address, domain.as_str(), "EC.crl").await;
    assert_eq!(open.unwrap_err().kind(), ErrorKind::NotFound);
}
