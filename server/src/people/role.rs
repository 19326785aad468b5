use serde::{Deserialize, Serialize};

/// What can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// See drafts: products, photos, jobs.
    Read,
    /// Add products and change what is said of them.
    Edit,
    /// Upload and remove photos and models, start and stop jobs.
    Digitize,
    /// Make results public, and share drafts by signed links.
    Publish,
    /// Manage an organisation's people and keys, and read its audit log.
    Administer,
}

impl Permission {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Edit,
        Self::Digitize,
        Self::Publish,
        Self::Administer,
    ];

    /// Its name as a key's scope.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Edit => "edit",
            Self::Digitize => "digitize",
            Self::Publish => "publish",
            Self::Administer => "administer",
        }
    }
}

/// What somebody is in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Does everything, and manages the organisation's people and keys.
    Administrator,
    /// Photographs: adds products, uploads, runs jobs.
    Digitizer,
    /// Looks at results and makes them public.
    Reviewer,
    /// Says what there is to say of its products.
    Producer,
    /// Looks only.
    Viewer,
}

impl Role {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Administrator,
        Self::Digitizer,
        Self::Reviewer,
        Self::Producer,
        Self::Viewer,
    ];

    /// Its name in the database and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Digitizer => "digitizer",
            Self::Reviewer => "reviewer",
            Self::Producer => "producer",
            Self::Viewer => "viewer",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether it allows this.
    #[must_use]
    pub const fn allows(self, permission: Permission) -> bool {
        match self {
            Self::Administrator => true,
            Self::Digitizer => matches!(
                permission,
                Permission::Read | Permission::Edit | Permission::Digitize
            ),
            Self::Reviewer => matches!(
                permission,
                Permission::Read | Permission::Edit | Permission::Publish
            ),
            Self::Producer => matches!(permission, Permission::Read | Permission::Edit),
            Self::Viewer => matches!(permission, Permission::Read),
        }
    }
}
