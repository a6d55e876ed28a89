//! What stands in a file in the place of its content.

/// What was found, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StandIn {
    /// What is said of the file: `is a Git LFS pointer, not the file itself`.
    pub what: &'static str,
    /// What to do, beginning with a verb.
    pub remedy: &'static str,
    /// Where it begins, in bytes.
    pub offset: usize,
}

/// How a file begins that is another one than it should be, what it is then, and what to do.
const BEGINS: [(&str, &str, &str); 4] = [
    (
        "version https://git-lfs.github.com/spec/",
        "is a Git LFS pointer, not the file itself",
        "fetch the file itself: git lfs pull",
    ),
    ("\0GITCRYPT", "is encrypted by git-crypt", "decrypt it: git-crypt unlock"),
    ("$ANSIBLE_VAULT;", "is encrypted by Ansible Vault", "decrypt it before it is deployed: ansible-vault decrypt"),
    ("age-encryption.org/", "is encrypted by age", "decrypt it before it is deployed: age --decrypt"),
];

/// How a line begins that Git leaves where both sides of a merge changed something.
const CONFLICT: [&str; 2] = ["<<<<<<< ", ">>>>>>> "];

/// The most bytes that are looked at.
const MAX_LOOK: usize = 1024 * 1024;

/// What a file holds in the place of its content: a Git LFS pointer, marks of a merge conflict, what a tool
/// encrypted.
pub fn stand_in(content: &[u8]) -> Option<StandIn> {
    let content = content.get(..MAX_LOOK).unwrap_or(content);
    let begins = |start: &&(&str, &str, &str)| {
        let head = content.trim_ascii_start().get(..start.0.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start.0.as_bytes()))
    };
    if let Some((_, what, remedy)) = BEGINS.iter().find(begins) {
        return Some(StandIn { what, remedy, offset: 0 });
    }
    let mut offset = 0;
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        if CONFLICT.iter().any(|mark| line.starts_with(mark.as_bytes())) {
            let remedy = "resolve the conflict: keep one side, and remove the lines with <<<<<<<, ======= and >>>>>>>";
            return Some(StandIn { what: "has marks of a merge conflict in it", remedy, offset });
        }
        offset += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_content_is_named() {
        for (content, what, offset) in [
            (
                "version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12\n",
                "is a Git LFS pointer, not the file itself",
                0,
            ),
            ("{\n<<<<<<< HEAD\n\"a\": 1\n=======\n", "has marks of a merge conflict in it", 2),
            ("{}\r\n>>>>>>> main", "has marks of a merge conflict in it", 4),
            ("\0GITCRYPT\0", "is encrypted by git-crypt", 0),
            ("\n age-encryption.org/v1\n", "is encrypted by age", 0),
        ] {
            let found = stand_in(content.as_bytes()).unwrap();
            assert_eq!((found.what, found.offset), (what, offset), "{content:?}");
        }
        for content in ["", "{}", "{\"a\": \"<<<<<<< x\"}", "-----BEGIN CERTIFICATE-----", "x <<<<<<< y", "=======\n"] {
            assert_eq!(stand_in(content.as_bytes()), None, "{content:?}");
        }
    }
}
