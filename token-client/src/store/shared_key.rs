//! What a shared token is for: in full, as what it is sealed with; and in the names of a store, as keyed digests.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::sealing_keys::SealingKey;
use crate::TokenRequest;

/// What a client is, as far as its tokens depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder<'a> {
    pub(crate) authority: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) capabilities: &'a [String],
    pub(crate) extra_query: &'a [(String, String)],
}

/// What a token is for, in a form that no two requests for different tokens share.
pub(crate) struct SharedKey(Vec<u8>);

impl SharedKey {
    /// The key of a client's request to a tenant, where the authority has tenants. Of a user's token its SHA-256 alone
    /// is in it.
    pub(crate) fn of(holder: &Holder<'_>, request: &TokenRequest, tenant: Option<&str>) -> Self {
        // Taken apart in full, so that no later field is forgotten. Left out: how a token is asked for, and managed
        // identities, whose tokens are the machine's and never shared.
        let TokenRequest {
            scopes,
            user_assertion,
            tenant: _,
            claims: _,
            force_refresh: _,
            correlation_id: _,
            trace_context: _,
            extra_query,
            extra_headers,
            fmi_path,
            assertion_fmi_path,
            section: _,
            managed_identity: _,
        } = request;
        let mut key = Self(b"token-client key 1\0".to_vec());
        key.text(holder.authority);
        key.text(holder.client_id);
        key.texts(holder.capabilities);
        key.pairs(holder.extra_query);
        key.optional(tenant.map(str::as_bytes));
        key.texts(scopes);
        let user = user_assertion.as_ref().map(|user| digest::digest(&digest::SHA256, user.expose().as_bytes()));
        key.optional(user.as_ref().map(AsRef::as_ref));
        key.pairs(extra_query);
        key.pairs(extra_headers);
        key.optional(fmi_path.as_deref().map(str::as_bytes));
        key.optional(assertion_fmi_path.as_deref().map(str::as_bytes));
        key
    }

    /// The whole of it, which a value is sealed with and which stands nowhere.
    pub(super) fn context(&self) -> &[u8] {
        &self.0
    }

    /// The name of the token in a store, under one of the sealing keys.
    pub(super) fn name(&self, key: &SealingKey, prefix: &str) -> String {
        self.keyed(key, "name", prefix)
    }

    /// The name of the lock of whoever asks for the token.
    pub(super) fn lock_name(&self, key: &SealingKey, prefix: &str) -> String {
        self.keyed(key, "lock", prefix)
    }

    fn keyed(&self, key: &SealingKey, use_: &str, prefix: &str) -> String {
        let mut keyed = hmac::Context::with_key(&key.root);
        keyed.update(b"token-client ");
        keyed.update(use_.as_bytes());
        keyed.update(b" 1\0");
        keyed.update(&self.0);
        format!("{prefix}{use_}:{}", URL_SAFE_NO_PAD.encode(keyed.sign()))
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend((bytes.len() as u64).to_le_bytes());
        self.0.extend(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        self.0.push(u8::from(bytes.is_some()));
        if let Some(bytes) = bytes {
            self.bytes(bytes);
        }
    }

    fn texts(&mut self, texts: &[String]) {
        self.0.extend((texts.len() as u64).to_le_bytes());
        texts.iter().for_each(|text| self.text(text));
    }

    fn pairs(&mut self, pairs: &[(String, String)]) {
        self.0.extend((pairs.len() as u64).to_le_bytes());
        for (name, value) in pairs {
            self.text(name);
            self.text(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SealingKeys;

    #[test]
    fn whatever_makes_another_token_makes_another_key() {
        let holder =
            Holder { authority: "https://login.example/t", client_id: "app", capabilities: &[], extra_query: &[] };
        let app = || TokenRequest::app("api://a/.default");
        let query = [("dc".to_owned(), "x".to_owned())];
        let cp1 = ["cp1".to_owned()];
        let requests = [
            (holder, app(), None),
            (holder, app(), Some("t")),
            (holder, app(), Some("")),
            (holder, TokenRequest::app("api://b/.default"), None),
            (holder, TokenRequest::on_behalf_of("u1", ["api://a/.default"]), None),
            (holder, TokenRequest::on_behalf_of("u2", ["api://a/.default"]), None),
            (holder, TokenRequest::on_behalf_of("u1", ["a", "b"]), None),
            (holder, TokenRequest::on_behalf_of("u1", ["ab"]), None),
            (holder, app().extra_query("dc", "x"), None),
            (holder, app().extra_header("dc", "x"), None),
            (holder, app().fmi_path("p"), None),
            (holder, app().assertion_fmi_path("p"), None),
            (Holder { client_id: "app2", ..holder }, app(), None),
            (Holder { authority: "https://login.example/tapp", client_id: "", ..holder }, app(), None),
            (Holder { extra_query: &query, ..holder }, app(), None),
            (Holder { capabilities: &cp1, ..holder }, app(), None),
        ];
        let keys: Vec<_> =
            requests.iter().map(|(holder, request, tenant)| SharedKey::of(holder, request, *tenant).0).collect();
        for (nth, key) in keys.iter().enumerate() {
            assert!(!keys[..nth].contains(key), "{nth}: {:?}", requests[nth]);
        }
        let same = SharedKey::of(&holder, &app().correlation_id("1").force_refresh().claims("{}"), None);
        assert_eq!(same.0, keys[0]);
    }

    #[test]
    fn names_are_keyed_and_show_nothing() {
        let keys = |id: &str, letter: &str| SealingKeys::new(id, letter.repeat(43)).unwrap();
        let holder = Holder { authority: "a", client_id: "app", capabilities: &[], extra_query: &[] };
        let key = SharedKey::of(&holder, &TokenRequest::on_behalf_of("user-token", ["s"]), None);
        let (one, other) = (keys("k", "A"), keys("k", "E"));
        let (one, other) = (one.first().unwrap(), other.first().unwrap());
        assert_ne!(key.name(one, "p:"), key.name(other, "p:"));
        let (name, lock) = (key.name(one, "p:"), key.lock_name(one, "p:"));
        assert_ne!(name.strip_prefix("p:name:").unwrap(), lock.strip_prefix("p:lock:").unwrap());
        let user = digest::digest(&digest::SHA256, b"user-token");
        assert!(!key.name(one, "p:").contains(&URL_SAFE_NO_PAD.encode(user)));
    }
}
