//! Secrets: made at random, stored as hashes, compared without telling how much of them is right.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Error;

/// What every key of a program begins with: scanners for leaked secrets find it by that.
const KEY_MARK: &str = "xoay_";

/// So many random bytes in hexadecimal.
///
/// # Errors
/// [`Error::Io`] where the system gives no randomness.
pub(crate) fn random(bytes: usize) -> Result<String, Error> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random)
        .map_err(|e| Error::io("asking for randomness", std::io::Error::other(e)))?;
    Ok(hex::encode(random))
}

/// A new key of a program: what people recognise it by, and the whole.
///
/// # Errors
/// As [`random`].
pub(crate) fn new_key() -> Result<(String, String), Error> {
    let prefix = format!("{KEY_MARK}{}", random(4)?);
    let whole = format!("{prefix}_{}", random(24)?);
    Ok((prefix, whole))
}

/// Whether a bearer token is meant as a program's key.
pub(crate) fn is_key(token: &str) -> bool {
    token.starts_with(KEY_MARK)
}

/// What is stored of a secret. It has so much randomness that a slow hash would add nothing.
pub(crate) fn stored(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

/// Signs `text` (HMAC-SHA-256, RFC 2104).
pub(crate) fn sign(key: &str, text: &str) -> String {
    hex::encode(mac(key, text).finalize().into_bytes())
}

/// Whether `signature` is that of `text`.
pub(crate) fn is_signed(key: &str, text: &str, signature: &str) -> bool {
    sign(key, text)
        .as_bytes()
        .ct_eq(signature.as_bytes())
        .into()
}

fn mac(key: &str, text: &str) -> Hmac<Sha256> {
    // HMAC takes keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap_or_else(|_| unreachable!());
    mac.update(text.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 4231, test case 2.
        let signature = sign("Jefe", "what do ya want for nothing?");
        assert_eq!(
            signature,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(is_signed(
            "Jefe",
            "what do ya want for nothing?",
            &signature
        ));
        assert!(!is_signed(
            "Jefe",
            "what do ya want for nothing!",
            &signature
        ));
        assert!(!is_signed(
            "jefe",
            "what do ya want for nothing?",
            &signature
        ));
        assert!(!is_signed("Jefe", "what do ya want for nothing?", ""));
    }

    #[test]
    fn keys_are_recognised_and_never_alike() {
        let (prefix, whole) = new_key().unwrap();
        assert!(is_key(&whole) && whole.starts_with(&prefix) && whole.len() > prefix.len() + 40);
        assert_ne!(new_key().unwrap().1, whole);
        assert_ne!(stored(&whole), whole);
    }
}
