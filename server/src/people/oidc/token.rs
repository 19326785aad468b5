//! What an identity provider signs, and whether it did: JSON Web Tokens (RFC 7519) in their compact form (RFC 7515).
//!
//! Written here because the two algorithms that providers use are all there is to it, over the cryptography that TLS brings
//! already: `jsonwebtoken` would have cost a second set of features of that, and takes forms that are refused here.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::Trouble;

/// How far the clocks of provider and service may differ.
const LEEWAY_S: i64 = 60;
/// The longest subject (`OpenID` Connect Core §2).
const SUBJECT_LIMIT: usize = 255;
/// Bytes of a coordinate of the curve P-256.
const COORDINATE_BYTES: usize = 32;

/// Whom a provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// By what the provider knows them.
    pub(crate) subject: String,
    /// Their address, lower case, where the provider has verified it.
    pub(crate) email: Option<String>,
    /// What colleagues call them.
    pub(crate) name: Option<String>,
}

/// A public key of a provider (RFC 7517), of the two kinds that are taken.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Key {
    /// By what tokens name it.
    #[serde(rename = "kid", default)]
    pub(super) id: Option<String>,
    /// What it is for; nothing, or signing.
    #[serde(rename = "use", default)]
    purpose: Option<String>,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kty")]
enum Kind {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Curve { crv: String, x: String, y: String },
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// Unix seconds.
    pub(super) now: i64,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that must be understood: none is.
    #[serde(default)]
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    email: Option<String>,
    /// Some providers say it as a text.
    #[serde(default)]
    email_verified: Option<Value>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

fn refused(reason: impl std::fmt::Display) -> Trouble {
    Trouble::Token(reason.to_string())
}

/// A token's part in base64url, strictly: without padding and without bits that say nothing.
fn decoded(part: &str) -> Result<Vec<u8>, Trouble> {
    URL_SAFE_NO_PAD.decode(part).map_err(refused)
}

fn read<T: DeserializeOwned>(part: &str) -> Result<T, Trouble> {
    serde_json::from_slice(&decoded(part)?).map_err(refused)
}

/// Head, claims and signature, and what of the text is signed.
fn parts(token: &str) -> Result<([&str; 3], &str), Trouble> {
    let (signed, signature) = token
        .rsplit_once('.')
        .ok_or_else(|| refused("it has no signature"))?;
    let (head, claims) = signed
        .split_once('.')
        .filter(|(_, claims)| !claims.contains('.'))
        .ok_or_else(|| refused("it has not three parts"))?;
    Ok(([head, claims, signature], signed))
}

/// The id of the key that the token says to be signed with.
pub(super) fn key_id(token: &str) -> Result<Option<String>, Trouble> {
    let ([head, ..], _) = parts(token)?;
    Ok(read::<Header>(head)?.kid)
}

/// Checks a token as `OpenID` Connect Core §3.1.3.7 asks: signature, issuer, audience, expiry, nonce.
///
/// Only RS256 and ES256 are taken, each with a key of its own kind: a token cannot choose to be unsigned, or to be checked
/// with a public key as if that were a shared secret (RFC 8725 §2.1).
pub(super) fn verified(
    token: &str,
    keys: &[Key],
    expected: Expected<'_>,
) -> Result<Identity, Trouble> {
    let ([head, claims, signature], signed) = parts(token)?;
    let header: Header = read(head)?;
    if header.crit.is_some() {
        return Err(refused("it asks for an extension that is not known here"));
    }
    let fits = |key: &&Key| {
        let kind = match &key.kind {
            Kind::Rsa { .. } => header.alg == "RS256",
            Kind::Curve { crv, .. } => header.alg == "ES256" && crv == "P-256",
        };
        let named = header.kid.is_none() || key.id == header.kid;
        kind && named
            && key
                .purpose
                .as_deref()
                .is_none_or(|purpose| purpose == "sig")
    };
    let mut fitting = keys.iter().filter(fits);
    let (Some(key), None) = (fitting.next(), fitting.next()) else {
        return Err(refused(
            "none of the provider's keys, or more than one, fits",
        ));
    };
    check_signature(key, signed.as_bytes(), &decoded(signature)?)?;
    check_claims(read(claims)?, expected)
}

fn check_signature(key: &Key, signed: &[u8], signature: &[u8]) -> Result<(), Trouble> {
    let holds = match &key.kind {
        Kind::Rsa { n, e } => {
            let (n, e) = (decoded(n)?, decoded(e)?);
            let key = RsaPublicKeyComponents { n: &n, e: &e };
            key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
        }
        Kind::Curve { x, y, .. } => {
            let (x, y) = (decoded(x)?, decoded(y)?);
            if x.len() != COORDINATE_BYTES || y.len() != COORDINATE_BYTES {
                return Err(refused("the provider's key is no point of its curve"));
            }
            // An uncompressed point (SEC 1 §2.3.3).
            let point = [&[4], x.as_slice(), &y].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
        }
    };
    holds.map_err(|_| refused("its signature is not the provider's"))
}

fn check_claims(claims: Claims, expected: Expected<'_>) -> Result<Identity, Trouble> {
    if claims.iss != expected.issuer {
        return Err(refused("another issuer made it"));
    }
    let (now, leeway) = (expected.now as f64, LEEWAY_S as f64);
    let lasts = claims.exp > now - leeway;
    if !lasts {
        return Err(refused("it has run out"));
    }
    let holds = claims.nbf.is_none_or(|from| from <= now + leeway);
    if !holds {
        return Err(refused("it does not hold yet"));
    }
    let (ours, several) = match &claims.aud {
        Audience::One(party) => (party == expected.client_id, false),
        Audience::Several(parties) => {
            let ours = parties.iter().any(|party| party == expected.client_id);
            (ours, parties.len() > 1)
        }
    };
    // A token for several parties names the one that asked for it.
    let asked = claims.azp.as_deref();
    let elsewhere = asked.is_some_and(|party| party != expected.client_id);
    if !ours || elsewhere || (several && asked.is_none()) {
        return Err(refused("it was made for another party"));
    }
    let nonce = claims.nonce.unwrap_or_default();
    if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(refused("its nonce is not that of this sign-in"));
    }
    let subject = claims.sub;
    if subject.is_empty() || subject.len() > SUBJECT_LIMIT || subject.contains('\0') {
        return Err(refused("its subject has no usable form"));
    }
    let is_verified = match claims.email_verified {
        Some(Value::Bool(verified)) => verified,
        Some(Value::String(text)) => text == "true",
        _ => false,
    };
    Ok(Identity {
        subject,
        email: claims
            .email
            .filter(|_| is_verified)
            .map(|email| email.to_ascii_lowercase()),
        name: claims.name,
    })
}
