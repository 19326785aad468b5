use super::{ApiKey, Permission, Session};
use crate::catalogue::{OrganisationId, Reach};

/// Who sends a request.
#[derive(Clone, Debug)]
pub(crate) enum Actor {
    /// Nobody that we know.
    Anonymous,
    /// Somebody at this machine, while the service has no accounts: see `api/guard.rs` for when that is so.
    House,
    /// Who knows the token that the service was started with: its operator.
    Operator,
    /// A person who signed in.
    Person(Session),
    /// A program with a key.
    Program(ApiKey),
}

impl Actor {
    /// Whether it may do this in that organisation.
    pub(crate) fn may(&self, permission: Permission, organisation: OrganisationId) -> bool {
        match self {
            Self::Anonymous => false,
            Self::House => permission != Permission::Administer,
            Self::Operator => true,
            Self::Person(session) => {
                session.user.is_administrator
                    || session.memberships.iter().any(|membership| {
                        membership.organisation == organisation
                            && membership.role.allows(permission)
                    })
            }
            Self::Program(key) => {
                key.organisation == organisation && key.scopes.contains(&permission)
            }
        }
    }

    /// Where it may do this.
    pub(crate) fn reach(&self, permission: Permission) -> Reach {
        match self {
            Self::House if permission != Permission::Administer => Reach::All,
            Self::Operator => Reach::All,
            Self::Person(session) if session.user.is_administrator => Reach::All,
            Self::Person(session) => Reach::Of(
                session
                    .memberships
                    .iter()
                    .filter(|membership| membership.role.allows(permission))
                    .map(|membership| membership.organisation)
                    .collect(),
            ),
            Self::Program(key) if key.scopes.contains(&permission) => {
                Reach::Of(vec![key.organisation])
            }
            Self::Anonymous | Self::House | Self::Program(_) => Reach::Of(Vec::new()),
        }
    }

    /// Whether it may do this anywhere.
    pub(crate) fn may_somewhere(&self, permission: Permission) -> bool {
        self.reach(permission) != Reach::Of(Vec::new())
    }

    /// Whether it manages the whole service.
    pub(crate) fn is_administrator(&self) -> bool {
        match self {
            Self::Operator => true,
            Self::Person(session) => session.user.is_administrator,
            _ => false,
        }
    }

    /// How the audit log calls it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".into(),
            Self::House => "house".into(),
            Self::Operator => "operator".into(),
            Self::Person(session) => format!("user:{}", session.user.name),
            Self::Program(key) => format!("key:{}", key.prefix),
        }
    }
}
