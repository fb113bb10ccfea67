//! How many connections each client has.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// The connections by address. Whoever comes from this machine or a private network is not counted: a proxy there brings
/// everybody from one address, and a neighbour can be spoken to.
#[derive(Debug, Clone, Default)]
pub(super) struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A place of an address among its connections, until it is dropped.
#[derive(Debug)]
pub(super) struct PeerPlace(Option<(Peers, IpAddr)>);

impl Peers {
    /// `None` if that address has as many connections as it may.
    pub(super) fn admit(&self, address: IpAddr, most: usize) -> Option<PeerPlace> {
        let address = counted_as(address);
        if is_near(address) {
            return Some(PeerPlace(None));
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(PeerPlace(Some((self.clone(), address))))
    }
}

impl Drop for PeerPlace {
    fn drop(&mut self) {
        let Some((peers, address)) = self.0.take() else { return };
        let mut counts = peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&address);
            }
        }
    }
}

/// An IPv4 address as such, and of an IPv6 address the network, which one customer has whole.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address => address,
    }
}

fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        // The network of ::1 is that of ::.
        IpAddr::V6(address) => address.is_unspecified() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_share_and_neighbours_are_not_counted() {
        let cases = [
            ("203.0.113.7", "203.0.113.7", false),
            ("203.0.113.7", "203.0.113.8", true),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", false),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", true),
            ("::ffff:203.0.113.7", "203.0.113.7", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("::1", "::1", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("fd00::1", "fd00::1", true),
        ];
        for (first, second, expected) in cases {
            let peers = Peers::default();
            let address = |text: &str| text.parse().expect("an address");
            let _first = peers.admit(address(first), 1).expect("the first is let in");
            assert_eq!(peers.admit(address(second), 1).is_some(), expected, "{first}, {second}");
        }
        let peers = Peers::default();
        let address = "203.0.113.7".parse().expect("an address");
        drop(peers.admit(address, 1));
        assert!(peers.admit(address, 1).is_some(), "who has gone makes room");
        assert!(peers.0.lock().expect("whole").is_empty(), "and is forgotten");
    }
}
