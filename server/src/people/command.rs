use std::path::Path;

use super::{Membership, NewUser, People, Role, acting, line, password, sign_in_name};
use crate::Error;
use crate::catalogue::{self, OrganisationId};

/// What an account made by command may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Manages the whole service.
    Administrator,
    /// Has this role in the organisation that every service has.
    Member(Role),
}

/// Adds an account to a service's database, whether or not a service runs on it, and gives the name to sign in with.
/// So comes the first administrator: there is no default account and no default password.
///
/// # Errors
/// [`Error::Field`] for the name or the password, [`Error::NameTaken`], and what the database says.
pub async fn add_user(
    data_dir: &Path,
    database_url: Option<&str>,
    name: &str,
    full_name: &str,
    password: String,
    standing: Standing,
) -> anyhow::Result<String> {
    let name = sign_in_name(name)?;
    let full_name = line("fullName", full_name)?;
    let records = catalogue::open(data_dir, database_url).await?;
    let membership = match standing {
        Standing::Administrator => None,
        Standing::Member(role) => Some(Membership {
            organisation: OrganisationId::HOUSE,
            role,
        }),
    };
    let new = NewUser {
        name,
        full_name,
        password_hash: Some(password::hash(password).await?),
        is_administrator: standing == Standing::Administrator,
        membership,
    };
    let made = acting("command".into(), create(&*records, &new)).await?;
    Ok(made)
}

async fn create(people: &(impl People + ?Sized), new: &NewUser) -> Result<String, Error> {
    Ok(people.create_user(new).await?.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_account_is_made_once_and_the_log_says_by_command() {
        let folder = tempfile::tempdir().unwrap();
        let add = async |name: &str, password: &str| {
            let standing = Standing::Administrator;
            add_user(folder.path(), None, name, "Lan", password.into(), standing).await
        };
        assert_eq!(add(" Lan ", "một mật khẩu dài").await.unwrap(), "lan");
        assert!(add("lan", "một mật khẩu dài").await.is_err(), "taken");
        assert!(add("mai", "ngắn").await.is_err(), "a short password");
        let records = catalogue::open(folder.path(), None).await.unwrap();
        let log = records
            .audit(&catalogue::Reach::All, None, 10)
            .await
            .unwrap();
        assert_eq!(log.len(), 1);
        assert_eq!(
            (log[0].action.as_str(), log[0].actor.as_str()),
            ("user.create", "command")
        );
        let (user, hash) = records.user_named("lan").await.unwrap().unwrap();
        assert!(user.is_administrator);
        assert!(
            password::is_right("một mật khẩu dài".into(), hash)
                .await
                .unwrap()
        );
    }
}
