//! Language codes as documents use them.

/// ISO 639-1, and codes of ISO 639-2 for languages that have newspapers but no code in ISO 639-1.
const CODES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de \
    dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id \
    ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu \
    lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu \
    rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr \
    ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu \
    ast ceb csb dsb fil frr fur gsw haw hsb kab kok lad mai mni nap nds nso pap rom sah sat scn sco srn tet tpi";

/// Whether `code` is a code that every reader knows: two letters of ISO 639-1, or three for a language without such a
/// code. Lower case only.
#[must_use]
pub fn is_language(code: &str) -> bool {
    CODES.split(' ').any(|known| known == code)
}

#[cfg(test)]
mod tests {
    use super::is_language;

    #[test]
    fn codes_are_known_and_what_looks_like_one_is_not() {
        for known in ["aa", "en", "uk", "zu", "ast", "fil", "tpi"] {
            assert!(is_language(known), "{known}");
        }
        for other in ["", "jp", "cn", "ua", "EN", "e", "english", "eng", "en uk"] {
            assert!(!is_language(other), "{other}");
        }
    }
}
