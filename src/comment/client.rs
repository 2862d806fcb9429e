//! The IP address of the client that sent a comment.

use std::net::{IpAddr, SocketAddr};

/// Parses an IP address, which may be in brackets or followed by a port. An IPv4-mapped IPv6 address becomes its IPv4 address.
/// Returns `None` if the text is not an address.
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let without_port = || text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text).parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    without_port().or_else(with_port).map(|address| address.to_canonical())
}

/// Returns whether an address is public, rather than one of the machine, a private network, a link or a carrier's network (RFC
/// 6890).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let carrier = a == 100 && (64..128).contains(&b);
            // "This" network, benchmarking, multicast, and reserved.
            let reserved = a == 0 || a == 198 && (18..20).contains(&b) || a >= 224;
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || carrier || reserved)
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.segments();
            // Translated and tunnelled addresses stand for IPv4 addresses (RFC 6052, RFC 3056).
            let embedded_ipv4 = |high: u16, low: u16| IpAddr::from((u32::from(high) << 16 | u32::from(low)).to_be_bytes());
            match (a, b, c, d, e, f) {
                (0x64, 0xff9b, 0, 0, 0, 0) => return is_public(embedded_ipv4(g, h)),
                (0x2002, high, low, ..) => return is_public(embedded_ipv4(high, low)),
                _ => {}
            }
            let site_local = a & 0xffc0 == 0xfec0;
            let local = v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || site_local;
            !(local || v6.is_unspecified() || v6.is_multicast())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_internet_is_one_clients_and_others_are_anybodys() {
        for public in ["203.0.113.9", "8.8.8.8", "2001:db8::1", "64:ff9b::203.0.113.9", "2002:cb00:7109::1", "100.128.0.1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for shared in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b::10.0.0.1",
            "2002:0a00:0001::1",
        ] {
            assert!(!is_public(shared.parse().unwrap()), "{shared}");
        }
    }

    #[test]
    fn a_client_is_the_same_with_a_port_or_brackets() {
        let v4: IpAddr = "203.0.113.8".parse().unwrap();
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        for text in ["203.0.113.8", " 203.0.113.8 ", "203.0.113.8:51234", "::ffff:203.0.113.8", "[::ffff:203.0.113.8]:443"] {
            assert_eq!(parse_address(text), Some(v4), "{text}");
        }
        for text in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443"] {
            assert_eq!(parse_address(text), Some(v6), "{text}");
        }
        for text in ["", "203.0.113.8, 198.51.100.7", "unknown", "203.0.113.8:99999", "[2001:db8::1"] {
            assert_eq!(parse_address(text), None, "{text}");
        }
    }
}
