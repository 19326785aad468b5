//! Passwords: Argon2id (RFC 9106) with the parameters that OWASP's cheat sheet gives: 19 MiB, two passes.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHash, SaltString};
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use xoay_format::Text;

use super::secret;
use crate::Error;

/// Shortest password in characters.
const LEAST_CHARS: usize = 12;
/// Longest password in bytes: nobody types more, and hashing must end.
const MOST_BYTES: usize = 1024;
/// Hashes in work at a time: each takes 19 MiB and a core, and anybody can ask for one.
static HASHING: Semaphore = Semaphore::const_new(2);
/// What is compared with where nobody has the name: the answer then takes as long.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hashed("nobody's password").ok());

/// Checks a new password and gives what is stored of it.
///
/// # Errors
/// [`Error::Field`] for one that is too short or too long.
pub(crate) async fn hash(password: String) -> Result<String, Error> {
    if password.chars().count() < LEAST_CHARS || password.len() > MOST_BYTES {
        return Err(Error::Field {
            field: "password",
            rule: Text::new(
                format!("cần từ {LEAST_CHARS} ký tự trở lên, nhiều nhất {MOST_BYTES} byte"),
                format!("at least {LEAST_CHARS} characters, at most {MOST_BYTES} bytes"),
            ),
        });
    }
    on_a_thread(move || hashed(&password)).await?
}

/// Whether `password` is the one whose hash is stored. Where none is, it is compared all the same.
///
/// # Errors
/// [`Error::Io`] where the thread ends early.
pub(crate) async fn is_right(password: String, stored: Option<String>) -> Result<bool, Error> {
    if password.len() > MOST_BYTES {
        return Ok(false);
    }
    on_a_thread(move || {
        let known = stored.is_some();
        let compared = stored.or_else(|| NOBODY.clone()).unwrap_or_default();
        let right = PasswordHash::new(&compared).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        });
        known && right
    })
    .await
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    // The semaphore is never closed.
    let _permit = HASHING.acquire().await;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::io("hashing a password", std::io::Error::other(e)))
}

fn hashed(password: &str) -> Result<String, Error> {
    let failed = |e: argon2::password_hash::Error| {
        Error::io("hashing a password", std::io::Error::other(e.to_string()))
    };
    let salt = hex::decode(secret::random(16)?)
        .map_err(|e| Error::io("hashing a password", std::io::Error::other(e)))?;
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    let hash = Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map_err(failed)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let stored = hash("một mật khẩu dài".into()).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        let again = hash("một mật khẩu dài".into()).await.unwrap();
        assert_ne!(stored, again, "the salt differs");
        let right = |password: &str, stored| is_right(password.to_owned(), stored);
        assert!(
            right("một mật khẩu dài", Some(stored.clone()))
                .await
                .unwrap()
        );
        assert!(!right("một mật khẩu dai", Some(stored)).await.unwrap());
        assert!(!right("nobody's password", None).await.unwrap());
        assert!(!right("", Some(String::new())).await.unwrap());
        assert!(hash("ngắn quá".into()).await.is_err());
        assert!(hash("x".repeat(1025)).await.is_err());
    }
}
