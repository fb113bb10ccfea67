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
mod tests;
