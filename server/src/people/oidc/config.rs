use std::str::FromStr;

use url::{Host, Url};
use xoay_format::{Localize, Text};

use crate::people::Role;

/// An identity provider that people may sign in with.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// Its address, exactly as it stands in what it signs.
    pub issuer: String,
    /// Under what it knows this service.
    pub client_id: String,
    /// What proves that; a public client has none and relies on PKCE.
    pub client_secret: Option<String>,
    /// Who gets an account at the first sign-in; nobody where it is empty.
    pub roles: OidcRoles,
}

/// Roles by the domain of a verified e-mail address: `example.org=digitizer,partner.example=viewer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OidcRoles(Vec<(String, Role)>);

impl OidcRoles {
    /// The role of who has this address.
    pub(crate) fn of(&self, email: &str) -> Option<Role> {
        let (_, domain) = email.rsplit_once('@')?;
        let found = self.0.iter().find(|(known, _)| known == domain);
        found.map(|(_, role)| *role)
    }
}

/// A text that is no list of roles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.en)]
pub struct NotRoles(Text);

impl Localize for NotRoles {
    fn text(&self) -> Text {
        self.0.clone()
    }
}

impl FromStr for OidcRoles {
    type Err = NotRoles;

    fn from_str(text: &str) -> Result<Self, NotRoles> {
        let wrong = |part: &str| {
            NotRoles(Text::new(
                format!(
                    "{part:?}: cần dạng tên.miền=vai_trò, các cặp cách nhau bằng dấu phẩy; \
                     vai trò là digitizer, reviewer, producer hoặc viewer"
                ),
                format!(
                    "{part:?}: domain.name=role is expected, pairs separated by commas; \
                     roles are digitizer, reviewer, producer and viewer"
                ),
            ))
        };
        let mut roles = Vec::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (domain, role) = part.split_once('=').ok_or_else(|| wrong(part))?;
            let domain = domain.trim().to_ascii_lowercase();
            // Who manages people is somebody whom one of them chose, never a whole domain.
            let role = Role::named(role.trim()).filter(|role| *role != Role::Administrator);
            let named = domain.contains('.') && matches!(Host::parse(&domain), Ok(Host::Domain(_)));
            match role {
                Some(role) if named => roles.push((domain, role)),
                _ => return Err(wrong(part)),
            }
        }
        Ok(Self(roles))
    }
}

/// Whether what is secret may be sent there: over TLS, or within this machine.
pub(crate) fn is_safe(url: &Url) -> bool {
    let own = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_go_by_the_whole_domain() {
        let roles: OidcRoles = " Example.org=digitizer, partner.example = viewer,"
            .parse()
            .unwrap();
        assert_eq!(roles.of("lan@example.org"), Some(Role::Digitizer));
        assert_eq!(roles.of("a@b@partner.example"), Some(Role::Viewer));
        for stranger in [
            "lan@sub.example.org",
            "lan@notexample.org",
            "example.org",
            "lan@",
        ] {
            assert_eq!(roles.of(stranger), None, "{stranger}");
        }
        assert_eq!(OidcRoles::default(), "".parse().unwrap());
        for wrong in [
            "example.org",
            "example.org=",
            "example.org=administrator",
            "=viewer",
            "localhost=viewer",
            "1.2.3.4=viewer",
            "a b.c=viewer",
        ] {
            assert!(wrong.parse::<OidcRoles>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn secrets_travel_over_tls_or_not_at_all() {
        for (url, safe) in [
            ("https://login.example", true),
            ("http://127.0.0.1:9000/x", true),
            ("http://[::1]:9000", true),
            ("http://localhost", true),
            ("http://login.example", false),
            ("http://localhost.example", false),
            ("file:///etc/passwd", false),
            ("ftp://127.0.0.1", false),
        ] {
            assert_eq!(is_safe(&url.parse().unwrap()), safe, "{url}");
        }
    }
}
