//! What a token is asked with: a request as it looks into the cache, and the same as the cache keeps it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::digest::{Digest, Digests};
use crate::TokenRequest;

/// What stands before each text of a key. No UTF-8 has such bytes: what begins with one is another text.
mod mark {
    pub(super) const FIRST: u8 = MANAGED_IDENTITY;
    /// Twice: which kind of id, and the id.
    pub(super) const MANAGED_IDENTITY: u8 = 0xf7;
    pub(super) const TENANT: u8 = 0xf8;
    pub(super) const SCOPE: u8 = 0xf9;
    /// On behalf of a user; behind it nothing, or [`ALONE`](super::ALONE).
    pub(super) const USER: u8 = 0xfa;
    pub(super) const QUERY: u8 = 0xfb;
    pub(super) const HEADER: u8 = 0xfc;
    pub(super) const FMI_PATH: u8 = 0xfd;
    pub(super) const ASSERTION_FMI_PATH: u8 = 0xfe;
    pub(super) const CLAIMS: u8 = 0xff;
}

/// A user's key that is not found by its user alone: no other can be a part of it, or there are many already.
const ALONE: &[u8] = b"1";

/// One text of a key, and what it is.
type Piece<'a> = (u8, &'a [u8]);

/// What is asked, borrowed from a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    request: &'a TokenRequest,
    tenant: Option<&'a str>,
    user: Digest,
    alone: bool,
}

impl<'a> Asked<'a> {
    /// What a request asks a tenant, where the authority has tenants.
    pub(crate) fn of(request: &'a TokenRequest, tenant: Option<&'a str>, digests: &Digests) -> Self {
        let user = request.user_assertion.as_ref().map(|user| digests.of(user)).unwrap_or_default();
        Self { request, tenant, user, alone: request.scopes.len() < 2 }
    }

    /// What is asked for a user, who may have asked for more.
    pub(crate) fn is_for_user(&self) -> bool {
        self.request.user_assertion.is_some()
    }

    /// The same, as it may stand where its user has many; `None` where it stands so already.
    pub(crate) fn alone(self) -> Option<Self> {
        (self.is_for_user() && !self.alone).then_some(Self { alone: true, ..self })
    }

    pub(crate) fn to_key(self) -> Key {
        let mut text = Vec::with_capacity(128);
        self.all(|piece| {
            push(&mut text, piece);
            true
        });
        Key { text: text.into(), user: self.user }
    }

    /// Each of its texts in order, until one is refused.
    fn all(&self, mut take: impl FnMut(Piece<'_>) -> bool) -> bool {
        let request = self.request;
        let pairs = |mark, pairs: &[(String, String)], take: &mut dyn FnMut(Piece<'_>) -> bool| {
            pairs.iter().flat_map(|(name, value)| [name, value]).all(|text| take((mark, text.as_bytes())))
        };
        let option = |mark, text: &Option<String>, take: &mut dyn FnMut(Piece<'_>) -> bool| {
            text.as_ref().is_none_or(|text| take((mark, text.as_bytes())))
        };
        let identity = |take: &mut dyn FnMut(Piece<'_>) -> bool| {
            let pieces = request.managed_identity.as_ref().map(|identity| [identity.kind(), identity.id()]);
            pieces.into_iter().flatten().all(|text| take((mark::MANAGED_IDENTITY, text.as_bytes())))
        };
        self.tenant.is_none_or(|tenant| take((mark::TENANT, tenant.as_bytes())))
            && request.scopes.iter().all(|scope| take((mark::SCOPE, scope.as_bytes())))
            && (!self.is_for_user() || take((mark::USER, if self.alone { ALONE } else { &[] })))
            && (request.is_plain()
                || pairs(mark::QUERY, &request.extra_query, &mut take)
                    && pairs(mark::HEADER, &request.extra_headers, &mut take)
                    && option(mark::FMI_PATH, &request.fmi_path, &mut take)
                    && option(mark::ASSERTION_FMI_PATH, &request.assertion_fmi_path, &mut take)
                    && identity(&mut take)
                    && option(mark::CLAIMS, &request.claims, &mut take))
    }

    /// The hash of the user's tokens that are found together.
    pub(super) fn hash_of_user(&self, state: &mut impl Hasher) {
        self.user.hash(state);
    }

    pub(crate) fn is(&self, key: &Key) -> bool {
        let mut rest: &[u8] = &key.text;
        let mut next = |(mark, piece): Piece<'_>| {
            let after = rest.split_first().filter(|(first, _)| **first == mark);
            let after = after.and_then(|(_, after)| after.strip_prefix(piece));
            after.map(|after| rest = after).is_some()
        };
        self.user == key.user && self.all(&mut next) && rest.is_empty()
    }

    /// Whether whoever asked for what the key says asked for this too: the same in all but scopes, of which it has
    /// all. `granted` is whether the authority gave the scope.
    pub(crate) fn is_part_of(&self, key: &Key, granted: impl Fn(&str) -> bool) -> bool {
        let scopes = || key.pieces().filter(|(mark, _)| *mark == mark::SCOPE).map(|(_, scope)| scope);
        let mut others = key.pieces().filter(|(mark, _)| *mark != mark::SCOPE);
        let each = |(mark, piece): Piece<'_>| match mark {
            mark::SCOPE => {
                let text = std::str::from_utf8(piece);
                scopes().any(|scope| scope.eq_ignore_ascii_case(piece)) && text.is_ok_and(&granted)
            }
            mark::USER => others.next().is_some_and(|(mark, _)| mark == mark::USER),
            _ => others.next() == Some((mark, piece)),
        };
        self.user == key.user && self.all(each) && others.next().is_none()
    }
}

impl Hash for Asked<'_> {
    /// A user's tokens of several scopes have one hash, so that they are found together. Of others, what the request
    /// does not have is left out, and so are marks: each write costs as much as the text itself, and equality
    /// tells apart what is left.
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.is_for_user() {
            self.user.hash(state);
            if !self.alone {
                return;
            }
        }
        self.all(|(_, piece)| {
            state.write(piece);
            true
        });
    }
}

/// What is asked, as the cache keeps it: the texts, each behind its mark, and the digest of the user's token.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) text: Arc<[u8]>,
    user: Digest,
}

impl Key {
    pub(crate) fn is_of_user(&self) -> bool {
        self.pieces().any(|(mark, _)| mark == mark::USER)
    }

    /// Whether it is found by its user alone.
    pub(crate) fn is_together(&self) -> bool {
        self.pieces().any(|piece| piece == (mark::USER, &[]))
    }

    /// The same, as it stands where its user has many.
    pub(crate) fn alone(&self) -> Self {
        self.changed(|(mark, piece)| Some((mark, if mark == mark::USER { ALONE } else { piece })))
    }

    /// The same without its claims: what any token for it can be used for. `None` where it has none.
    pub(crate) fn without_claims(&self) -> Option<Self> {
        let has_claims = self.pieces().any(|(mark, _)| mark == mark::CLAIMS);
        has_claims.then(|| self.changed(|(mark, piece)| (mark != mark::CLAIMS).then_some((mark, piece))))
    }

    fn changed<'a>(&'a self, change: impl Fn(Piece<'a>) -> Option<Piece<'a>>) -> Self {
        let mut text = Vec::with_capacity(self.text.len() + 1);
        self.pieces().filter_map(change).for_each(|piece| push(&mut text, piece));
        Self { text: text.into(), user: self.user }
    }

    /// The same with a text that is shared.
    pub(crate) fn with_text(&self, text: Arc<[u8]>) -> Self {
        Self { text, user: self.user }
    }

    pub(crate) fn is_of_same_user(&self, other: &Self) -> bool {
        self.user == other.user
    }

    pub(crate) fn tenant(&self) -> Option<&str> {
        tenant_in(&self.text)
    }

    fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        pieces(&self.text)
    }
}

impl Hash for Key {
    /// As that of [`Asked`].
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.is_of_user() {
            self.user.hash(state);
            if self.is_together() {
                return;
            }
        }
        self.pieces().for_each(|(_, piece)| state.write(piece));
    }
}

impl fmt::Debug for Key {
    /// Tenant and scopes: what else there is may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes: Vec<&str> = scopes_in(&self.text).collect();
        f.debug_struct("Key").field("tenant", &self.tenant()).field("scopes", &scopes).finish_non_exhaustive()
    }
}

fn push(text: &mut Vec<u8>, (mark, piece): Piece<'_>) {
    text.push(mark);
    text.extend_from_slice(piece);
}

/// The tenant in a key's text.
pub(crate) fn tenant_in(text: &[u8]) -> Option<&str> {
    texts_in(text, mark::TENANT).next()
}

/// The scopes in a key's text.
pub(crate) fn scopes_in(text: &[u8]) -> impl Iterator<Item = &str> {
    texts_in(text, mark::SCOPE)
}

fn texts_in(text: &[u8], wanted: u8) -> impl Iterator<Item = &str> {
    pieces(text).filter(move |(mark, _)| *mark == wanted).filter_map(|(_, piece)| std::str::from_utf8(piece).ok())
}

fn pieces(text: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (mark, after) = rest.split_first()?;
        let end = after.iter().position(|byte| *byte >= mark::FIRST).unwrap_or(after.len());
        let (piece, next) = after.split_at_checked(end)?;
        rest = next;
        Some((*mark, piece))
    })
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use credential_core::testing::FakeWorld;

    use super::*;
    use crate::ManagedIdentityId;

    fn user(token: &str, scopes: &[&str]) -> TokenRequest {
        TokenRequest::on_behalf_of(token, scopes.iter().copied())
    }

    #[test]
    fn whatever_differs_is_another_key_and_a_key_hashes_as_what_it_was_made_of() {
        let app = || TokenRequest::app("api://a/.default");
        let requests = [
            app(),
            TokenRequest::app("api://a/.defaultx"),
            TokenRequest::app_of(vec!["api://a/.default".to_owned(), "x".to_owned()]),
            TokenRequest::app_of(vec![]),
            user("u1", &["a"]),
            user("u2", &["a"]),
            user("u1", &["a", "b"]),
            user("u1", &["ab"]),
            app().extra_query("a", "bc"),
            app().extra_query("ab", "c"),
            app().extra_header("a", "bc"),
            app().extra_query("a", "b").extra_query("c", "d"),
            app().fmi_path("p"),
            app().assertion_fmi_path("p"),
            app().claims("{}"),
            app().managed_identity(ManagedIdentityId::SystemAssigned),
            app().managed_identity(ManagedIdentityId::ClientId("a".to_owned())),
            app().managed_identity(ManagedIdentityId::ObjectId("a".to_owned())),
            user("u1", &["a"]).claims("{}"),
        ];
        let (digests, hasher) = (Digests::new(&FakeWorld::new().world()), RandomState::new());
        let asked: Vec<Asked<'_>> = requests
            .iter()
            .flat_map(|request| [None, Some("t1"), Some("t2"), Some("")].map(|tenant| (request, tenant)))
            .map(|(request, tenant)| Asked::of(request, tenant, &digests))
            .collect();
        for (nth, one) in asked.iter().enumerate() {
            let key = one.to_key();
            for (mth, other) in asked.iter().enumerate() {
                assert_eq!(other.is(&key), nth == mth, "{key:?} {other:?}");
                assert_eq!(other.to_key() == key, nth == mth, "{key:?} {other:?}");
            }
            assert_eq!(hasher.hash_one(one), hasher.hash_one(&key), "{key:?}");
        }
        let key = |nth: usize| Asked::of(&requests[nth], None, &digests).to_key();
        assert_eq!((key(14).without_claims(), key(0).without_claims()), (Some(key(0)), None));
        let many = Asked::of(&requests[6], None, &digests);
        let alone = many.alone().unwrap();
        assert!(alone.to_key() == key(6).alone() && alone.is(&key(6).alone()) && !alone.is(&key(6)));
        assert_eq!(hasher.hash_one(alone), hasher.hash_one(key(6).alone()));
        assert!(alone.alone().is_none() && key(6).is_together() && !key(4).is_together());
    }

    #[test]
    fn a_part_has_the_same_user_and_no_scope_that_was_not_asked_for_or_not_given() {
        let digests = Digests::new(&FakeWorld::new().world());
        let whole = user("u1", &["User.Read", "mail.read", "files.read"]);
        let key = Asked::of(&whole, Some("t"), &digests).to_key();
        let given = |scope: &str| !scope.eq_ignore_ascii_case("files.read");
        let part = |request: &TokenRequest, tenant| Asked::of(request, tenant, &digests).is_part_of(&key, given);
        assert!(part(&user("u1", &["user.read"]), Some("t")));
        assert!(part(&user("u1", &["mail.read", "user.read"]), Some("t")));
        for (other, tenant) in [
            (user("u1", &["files.read"]), Some("t")),
            (user("u1", &["user.read", "x"]), Some("t")),
            (user("u2", &["user.read"]), Some("t")),
            (user("u1", &["user.read"]), Some("t2")),
            (user("u1", &["user.read"]), None),
            (user("u1", &["user.read"]).extra_query("a", "b"), Some("t")),
            (user("u1", &["user.read"]).claims("{}"), Some("t")),
        ] {
            assert!(!part(&other, tenant), "{other:?}");
        }
    }

    #[test]
    fn a_key_tells_its_tenant_and_scopes_and_shows_nothing_else() {
        let request = user("the-user", &["a", "b"]).extra_query("code", "s3cret").claims("s3cret");
        let key = Asked::of(&request, Some("t"), &Digests::new(&FakeWorld::new().world())).to_key();
        assert_eq!((key.tenant(), scopes_in(&key.text).collect::<Vec<_>>()), (Some("t"), vec!["a", "b"]));
        let shown = format!("{key:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("the-user"), "{shown}");
    }
}
