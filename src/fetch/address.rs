//! Which addresses may be connected (SSRF-3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Why an address is not one of the public Internet, or `None` if it is (IANA special-purpose registries, RFC 6890).
///
/// An IPv4 address mapped into IPv6 is judged as the IPv4 address it is. Every other way of carrying an IPv4 address inside an
/// IPv6 one (NAT64, 6to4, Teredo) is itself special, whatever it carries.
pub fn special_use(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => special_use_v4(address),
        IpAddr::V6(address) => special_use_v6(address),
    }
}

/// How far a request may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reach {
    /// The public Internet only: after a redirect from a public host, which must not lead us into the admin's networks.
    Public,
    /// The public Internet and the networks the admin listed.
    Listed,
    /// Anywhere: the admin said so for this source.
    Anywhere,
}

impl Reach {
    /// Why this address is out of reach, or `None` if it may be connected.
    pub(super) fn refuses(self, address: IpAddr, networks: &[IpNet]) -> Option<&'static str> {
        let special = special_use(address)?;
        match self {
            Reach::Public => Some(special),
            Reach::Listed => (!is_allowed(address, networks)).then_some(special),
            Reach::Anywhere => None,
        }
    }
}

/// Whether one of the admin's networks lets an address in that [`special_use`] keeps out.
///
/// A NAT64 address needs both its own network and, if the IPv4 address inside is special as well, that one's.
fn is_allowed(address: IpAddr, networks: &[IpNet]) -> bool {
    let address = address.to_canonical();
    let listed = |address: IpAddr| networks.iter().any(|network| network.contains(&address));
    let mapped_listed = |address: IpAddr| match address {
        IpAddr::V4(v4) => listed(address) || listed(IpAddr::V6(v4.to_ipv6_mapped())),
        IpAddr::V6(_) => listed(address),
    };
    let carried_is_fine = match address {
        IpAddr::V6(v6) if is_nat64(v6) => {
            let carried = IpAddr::V4(low_v4(v6));
            special_use(carried).is_none() || listed(carried)
        }
        _ => true,
    };
    mapped_listed(address) && carried_is_fine
}

fn special_use_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        [0, ..] => "this network (0.0.0.0/8)",
        [10, ..] => "private (10.0.0.0/8)",
        [100, 64..=127, ..] => "shared by a provider's customers (100.64.0.0/10)",
        [127, ..] => "loopback (127.0.0.0/8)",
        [169, 254, ..] => "link-local (169.254.0.0/16)",
        [172, 16..=31, ..] => "private (172.16.0.0/12)",
        [192, 0, 0, _] => "protocol assignments (192.0.0.0/24)",
        [192, 0, 2, _] => "documentation (192.0.2.0/24)",
        [192, 88, 99, _] => "6to4 relay (192.88.99.0/24)",
        [192, 168, ..] => "private (192.168.0.0/16)",
        [198, 18..=19, ..] => "benchmarking (198.18.0.0/15)",
        [198, 51, 100, _] => "documentation (198.51.100.0/24)",
        [203, 0, 113, _] => "documentation (203.0.113.0/24)",
        [224..=239, ..] => "multicast (224.0.0.0/4)",
        [255, 255, 255, 255] => "broadcast (255.255.255.255)",
        [240..=255, ..] => "reserved (240.0.0.0/4)",
        _ => return None,
    })
}

fn special_use_v6(address: Ipv6Addr) -> Option<&'static str> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "unspecified (::)",
        [0, 0, 0, 0, 0, 0, 0, 1] => "loopback (::1)",
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => "NAT64 (64:ff9b::/96)",
        [0x64, 0xff9b, 1, ..] => "local NAT64 (64:ff9b:1::/48)",
        [0x100, 0, 0, 0, ..] => "discard-only (100::/64)",
        [0x2001, 0, ..] => "Teredo (2001::/32)",
        [0x2001, 0x10..=0x1f, ..] => "ORCHID (2001:10::/28)",
        [0x2001, 0x20..=0x2f, ..] => "ORCHIDv2 (2001:20::/28)",
        [0x2001, 0..=0x1ff, ..] => "protocol assignments (2001::/23)",
        [0x2001, 0xdb8, ..] => "documentation (2001:db8::/32)",
        [0x2002, ..] => "6to4 (2002::/16)",
        [0x3fff, 0..=0xfff, ..] => "documentation (3fff::/20)",
        [0xfc00..=0xfdff, ..] => "unique local (fc00::/7)",
        [0xfe80..=0xfebf, ..] => "link-local (fe80::/10)",
        [0xfec0..=0xfeff, ..] => "site-local (fec0::/10)",
        [0xff00..=0xffff, ..] => "multicast (ff00::/8)",
        // Only 2000::/3 has been given out as global unicast (RFC 4291 §2.4); the rest includes ::/96 with an IPv4 address.
        [0x2000..=0x3fff, ..] => return None,
        _ => "not global unicast (outside 2000::/3)",
    })
}

fn is_nat64(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..])
}

fn low_v4(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use url::{Host, Url};

    use super::*;

    fn host_address(host: &str) -> IpAddr {
        match Url::parse(&format!("http://{host}/")).expect(host).host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            other => panic!("{host} was read as {other:?}"),
        }
    }

    #[test]
    fn ssrf_3_special_addresses_are_named_in_every_spelling() {
        for (host, block) in [
            ("0.0.0.0", "0.0.0.0/8"),
            ("0.255.255.255", "0.0.0.0/8"),
            ("10.0.0.1", "10.0.0.0/8"),
            ("10.255.255.255", "10.0.0.0/8"),
            ("100.64.0.0", "100.64.0.0/10"),
            ("100.127.255.255", "100.64.0.0/10"),
            ("127.0.0.1", "127.0.0.0/8"),
            ("127.1", "127.0.0.0/8"),
            ("127.0.1", "127.0.0.0/8"),
            ("0x7f.1", "127.0.0.0/8"),
            ("0x7f000001", "127.0.0.0/8"),
            ("2130706433", "127.0.0.0/8"),
            ("017700000001", "127.0.0.0/8"),
            ("0177.0.0.01", "127.0.0.0/8"),
            ("127.0.0.1.", "127.0.0.0/8"),
            ("127。0。0。1", "127.0.0.0/8"),
            ("①②⑦.⓪.⓪.①", "127.0.0.0/8"),
            ("%31%32%37.0.0.1", "127.0.0.0/8"),
            ("169.254.169.254", "169.254.0.0/16"),
            ("0xa9fea9fe", "169.254.0.0/16"),
            ("172.16.0.1", "172.16.0.0/12"),
            ("172.31.255.255", "172.16.0.0/12"),
            ("192.0.0.8", "192.0.0.0/24"),
            ("192.0.2.1", "192.0.2.0/24"),
            ("192.88.99.1", "192.88.99.0/24"),
            ("192.168.1.1", "192.168.0.0/16"),
            ("198.18.0.1", "198.18.0.0/15"),
            ("198.19.255.255", "198.18.0.0/15"),
            ("198.51.100.1", "198.51.100.0/24"),
            ("203.0.113.1", "203.0.113.0/24"),
            ("224.0.0.1", "224.0.0.0/4"),
            ("239.255.255.255", "224.0.0.0/4"),
            ("240.0.0.1", "240.0.0.0/4"),
            ("255.255.255.254", "240.0.0.0/4"),
            ("255.255.255.255", "255.255.255.255"),
            ("[::]", "(::)"),
            ("[::1]", "(::1)"),
            ("[0:0:0:0:0:0:0:1]", "(::1)"),
            ("[::ffff:127.0.0.1]", "127.0.0.0/8"),
            ("[::ffff:7f00:1]", "127.0.0.0/8"),
            ("[::ffff:10.1.2.3]", "10.0.0.0/8"),
            ("[::ffff:0:7f00:1]", "2000::/3"),
            ("[::127.0.0.1]", "2000::/3"),
            ("[64:ff9b::127.0.0.1]", "64:ff9b::/96"),
            ("[64:ff9b::8.8.8.8]", "64:ff9b::/96"),
            ("[64:ff9b:1::a00:1]", "64:ff9b:1::/48"),
            ("[64:ff9b:2::1]", "2000::/3"),
            ("[100::1]", "100::/64"),
            ("[100:0:0:1::1]", "2000::/3"),
            ("[2001::1]", "2001::/32"),
            ("[2001:0:7f00:1::]", "2001::/32"),
            ("[2001:2::1]", "2001::/23"),
            ("[2001:10::1]", "2001:10::/28"),
            ("[2001:2f:ffff::1]", "2001:20::/28"),
            ("[2001:db8::1]", "2001:db8::/32"),
            ("[2002:7f00:1::1]", "2002::/16"),
            ("[2002:808:808::1]", "2002::/16"),
            ("[3fff::1]", "3fff::/20"),
            ("[3fff:fff::1]", "3fff::/20"),
            ("[5f00::1]", "2000::/3"),
            ("[fc00::1]", "fc00::/7"),
            ("[fdff::1]", "fc00::/7"),
            ("[fe80::1]", "fe80::/10"),
            ("[febf::1]", "fe80::/10"),
            ("[fec0::1]", "fec0::/10"),
            ("[ff02::1]", "ff00::/8"),
        ] {
            let found = special_use(host_address(host));
            assert!(found.is_some_and(|found| found.contains(block)), "{host}: {found:?}, not {block}");
        }
    }

    #[test]
    fn ssrf_3_neighbours_of_special_blocks_are_public() {
        for host in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "[::ffff:8.8.8.8]",
            "[2001:200::1]",
            "[2001:db7::1]",
            "[2001:db9::1]",
            "[2001:4860:4860::8888]",
            "[2003::1]",
            "[2606:4700::1111]",
            "[3fff:1000::1]",
        ] {
            assert_eq!(special_use(host_address(host)), None, "{host}");
        }
    }

    #[test]
    fn ssrf_4_a_network_of_the_admins_lets_in_its_own_addresses_only() {
        let networks: Vec<IpNet> =
            ["10.1.0.0/16", "fd00::/8", "64:ff9b::/96", "::1/128"].map(|network| network.parse().unwrap()).into();
        for (host, allowed) in [
            ("10.1.2.3", true),
            ("[::ffff:10.1.2.3]", true),
            ("10.2.0.1", false),
            ("127.0.0.1", false),
            ("[::1]", true),
            ("[fd12::1]", true),
            ("[fc00::1]", false),
            ("[64:ff9b::8.8.8.8]", true),
            ("[64:ff9b::10.1.2.3]", true),
            ("[64:ff9b::127.0.0.1]", false),
            ("[2002:a01:203::1]", false),
        ] {
            assert_eq!(is_allowed(host_address(host), &networks), allowed, "{host}");
        }
    }
}
