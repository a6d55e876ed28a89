//! What somebody meant when they wrote something else.

/// The known name nearest to `word`, if one is near enough to be meant: compared ignoring ASCII case,
/// a third of its letters may be wrong.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.trim().to_ascii_lowercase();
    // A distance needs time in the product of both lengths: no name is that long.
    if word.is_empty() || word.len() > 200 {
        return None;
    }
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&word, &name.to_ascii_lowercase()), name))
        .filter(|(distance, name)| *distance <= name.chars().count().div_ceil(3).min(5))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_that_was_meant() {
        let known = ["Certificate", "ClientSecret", "KeyVault", "Path"];
        assert_eq!(nearest("Certificat", known), Some("Certificate"));
        assert_eq!(nearest("clientsecrets", known), Some("ClientSecret"));
        assert_eq!(nearest("KeyVaultt", known), Some("KeyVault"));
        assert_eq!(nearest("ManagedHsm", known), None);
        assert_eq!(nearest("", known), None);
    }
}
