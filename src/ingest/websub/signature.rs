//! Signatures of pushes (WebSub section 7.1). Compared in constant time.

use aws_lc_rs::hmac;

use crate::model::Secret;

/// Whether the hub signed `body` with our secret. `signature` is the header `X-Hub-Signature`.
pub(super) fn is_signed(secret: &Secret, signature: Option<&str>, body: &[u8]) -> bool {
    let Some((method, digits)) = signature.and_then(|s| s.trim().split_once('=')) else {
        return false;
    };
    let algorithm = match method.to_ascii_lowercase().as_str() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return false,
    };
    let key = hmac::Key::new(algorithm, secret.reveal().as_bytes());
    hex::decode(digits).is_ok_and(|tag| hmac::verify(&key, body, &tag).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn et_50_signatures_of_every_method_are_checked() {
        let secret = Secret::new("s3cret".to_owned());
        let body = b"<feed/>";
        for (name, algorithm) in [
            ("sha1", hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            ("sha256", hmac::HMAC_SHA256),
            ("sha384", hmac::HMAC_SHA384),
            ("SHA512", hmac::HMAC_SHA512),
        ] {
            let tag = hmac::sign(&hmac::Key::new(algorithm, b"s3cret"), body);
            let right = format!("{name}={}", hex::encode_upper(tag.as_ref()));
            assert!(is_signed(&secret, Some(&right), body), "{name}");
            assert!(
                !is_signed(&secret, Some(&right), b"<feed></feed>"),
                "{name}"
            );
            assert!(!is_signed(
                &Secret::new("other".to_owned()),
                Some(&right),
                body
            ));
            let short = right.strip_suffix(char::is_alphanumeric).unwrap();
            assert!(!is_signed(&secret, Some(short), body));
        }
        for wrong in [
            None,
            Some(""),
            Some("sha1"),
            Some("sha1="),
            Some("md5=00"),
            Some("sha256=zz"),
        ] {
            assert!(!is_signed(&secret, wrong, body), "{wrong:?}");
        }
    }
}
