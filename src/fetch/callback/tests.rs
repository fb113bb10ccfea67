use std::sync::Arc;

use super::*;

fn caller(networks: &[&str]) -> Caller {
    let lookup: Lookup = Arc::new(|name| {
        let addresses = match name {
            "public.example" => vec!["93.184.216.34"],
            "rebinding.example" => vec!["93.184.216.34", "127.0.0.1"],
            "inside.example" => vec!["10.1.2.3"],
            _ => vec![],
        };
        let addresses = addresses.into_iter().map(|address| address.parse().expect("an address")).collect();
        Box::pin(async move { Ok(addresses) })
    });
    let allow_networks = networks.iter().map(|network| network.parse().expect("a network")).collect();
    let settings = FetchSettings { allow_networks, ..FetchSettings::default() };
    Caller::with_lookup(&settings, lookup).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn ssrf_5_a_callback_is_refused_for_its_address_in_any_spelling_and_for_its_port() {
    let cases = [
        ("http://127.0.0.1/", false),
        ("http://0x7f.1/", false),
        ("http://2130706433/", false),
        ("http://[::1]/", false),
        ("http://[::ffff:192.168.0.1]/", false),
        ("http://169.254.169.254/latest/meta-data", false),
        ("http://10.1.2.3/", true),
        ("http://10.1.2.3:8080/", true),
        ("http://93.184.216.34/", true),
        ("https://93.184.216.34/", true),
        ("http://93.184.216.34:443/", true),
        ("http://93.184.216.34:25/", false),
        ("http://93.184.216.34:6379/", false),
        // Told once the name is looked up.
        ("http://rebinding.example/", true),
    ];
    let caller = caller(&["10.0.0.0/8"]);
    for (url, may) in cases {
        let why = caller.refuses(&Url::parse(url).expect("a URL"));
        assert_eq!(why.is_none(), may, "{url}: {why:?}");
    }
}

#[tokio::test]
async fn ssrf_2_a_name_is_judged_by_all_of_its_addresses_before_anything_is_sent() {
    let cases = [
        ("http://rebinding.example/", "which is loopback"),
        ("http://inside.example/", "which is private"),
        ("http://public.example:22/", "port 22"),
        ("http://nowhere.example/", "no address"),
    ];
    let caller = caller(&[]);
    for (url, why) in cases {
        let answer = caller.get(&Url::parse(url).expect("a URL"), 10, Duration::from_secs(5)).await;
        let error = answer.expect_err(url).to_string();
        assert!(error.contains(why), "{url}: {error}");
    }
}
