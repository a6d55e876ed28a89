//! Where a request stands in a trace (W3C Trace Context).

use std::sync::Arc;

use credential_core::Secret;

/// The trace that a request belongs to, and its place there, as the headers `traceparent` and `tracestate` say it
/// ([W3C Trace Context](https://www.w3.org/TR/trace-context/)). Cheap to clone.
///
/// Of a request that came in, for those that it leads to:
///
/// ```
/// use token_client::{DownstreamCall, TraceContext};
///
/// # fn example(incoming: http::HeaderMap) -> DownstreamCall {
/// DownstreamCall::new().path("items/42").trace_context(TraceContext::of_headers(&incoming))
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    parent: Arc<str>,
    state: Option<Arc<str>>,
}

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";
/// The most entries of a `tracestate` (§3.3.1.1).
const MAX_ENTRIES: usize = 32;
/// The most characters of a `tracestate` that are passed on: what everybody takes (§3.3.1.5).
const MAX_STATE: usize = 512;
/// Entries above this leave first where there is too much.
const LARGE_ENTRY: usize = 128;

impl TraceContext {
    /// What the headers of a request say: a map of the `http` crate, or any names and values. `None` where there is no
    /// `traceparent`, where there are several, or where it is none; a `tracestate` that is none is left out.
    ///
    /// Of either nothing goes on but what the standard has. A later version's `traceparent` goes on as version 00, and
    /// of a `tracestate` above 512 characters whole entries are left out, those above 128 first.
    pub fn of_headers<N: AsRef<str>, V: AsRef<[u8]>>(headers: impl IntoIterator<Item = (N, V)>) -> Option<Self> {
        let (mut parent, mut states) = (None, Some(Vec::new()));
        for (name, value) in headers {
            let text = std::str::from_utf8(value.as_ref()).ok();
            if name.as_ref().eq_ignore_ascii_case(PARENT) {
                let first = parent.replace(parent_of(text?)?);
                first.is_none().then_some(())?;
            } else if name.as_ref().eq_ignore_ascii_case(STATE) {
                let both = text.zip(states);
                states = both.map(|(text, states)| [states, vec![text.to_owned()]].concat());
            }
        }
        let state = states.and_then(|states| state_of(&states.join(",")));
        Some(Self { parent: parent?.into(), state: state.map(Into::into) })
    }

    /// The value of the header `traceparent`.
    pub fn traceparent(&self) -> &str {
        &self.parent
    }

    /// The value of the header `tracestate`, where there is one.
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The headers that say it.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (String, Secret)> {
        let state = self.tracestate().map(|state| (STATE, state));
        let all = [(PARENT, self.traceparent())].into_iter().chain(state);
        all.map(|(name, value)| (name.to_owned(), Secret::from(value)))
    }
}

/// Whether a header says where its request stands in a trace.
pub(crate) fn is_of_trace(name: &str) -> bool {
    name.eq_ignore_ascii_case(PARENT) || name.eq_ignore_ascii_case(STATE)
}

/// `version "-" trace-id "-" parent-id "-" trace-flags` (§3.2.2), in version 00.
fn parent_of(text: &str) -> Option<String> {
    let text = text.trim_matches([' ', '\t']);
    let mut fields = text.split('-');
    let mut field = |length| fields.next().filter(|field| field.len() == length && field.bytes().all(is_hex));
    let (version, trace, parent, flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
    let is_said = |id: &str| id.bytes().any(|digit| digit != b'0');
    if version == "ff" || !is_said(trace) || !is_said(parent) {
        return None;
    }
    if version == "00" {
        return fields.next().is_none().then(|| text.to_owned());
    }
    // Of a later version the flags that are known: whether it is sampled.
    let sampled = u8::from_str_radix(flags, 16).ok()? & 1;
    Some(format!("00-{trace}-{parent}-0{sampled}"))
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// `list-member *( "," list-member )` (§3.3.1), without empty members and what is too much.
fn state_of(text: &str) -> Option<String> {
    let entries = text.split(',').map(|entry| entry.trim_matches([' ', '\t'])).filter(|entry| !entry.is_empty());
    let mut entries: Vec<&str> = entries.take(MAX_ENTRIES + 1).collect();
    let keys: Option<Vec<&str>> = entries.iter().map(|entry| key_of(entry)).collect();
    let keys = keys.filter(|keys| !keys.is_empty() && keys.len() <= MAX_ENTRIES)?;
    if keys.iter().enumerate().any(|(nth, key)| keys.iter().skip(nth + 1).any(|other| other == key)) {
        return None;
    }
    while entries.iter().map(|entry| entry.len() + 1).sum::<usize>() > MAX_STATE + 1 {
        let large = entries.iter().rposition(|entry| entry.len() > LARGE_ENTRY);
        entries.remove(large.unwrap_or(entries.len() - 1));
    }
    Some(entries.join(",")).filter(|state| !state.is_empty())
}

/// The key of `key "=" value` (§3.3.1.3).
fn key_of(entry: &str) -> Option<&str> {
    let (key, value) = entry.split_once('=')?;
    let of_key = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    let begins = key.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    let of_value = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'=';
    let fits = begins && key.len() <= 256 && key.bytes().all(of_key);
    (fits && (1..=256).contains(&value.len()) && value.bytes().all(of_value)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn of(headers: &[(&str, &str)]) -> Option<(String, Option<String>)> {
        let context = TraceContext::of_headers(headers.iter().copied())?;
        Some((context.traceparent().to_owned(), context.tracestate().map(str::to_owned)))
    }

    #[test]
    fn a_traceparent_is_one_or_none() {
        let later = TRACE.replacen("00", "cc", 1);
        for (text, expected) in [
            (TRACE, Some(TRACE)),
            (&format!(" {TRACE}\t"), Some(TRACE)),
            (&TRACE.replace("-01", "-03"), Some(&*TRACE.replace("-01", "-03"))),
            // A later version.
            (&later, Some(TRACE)),
            (&format!("{later}-what-it-has-more"), Some(TRACE)),
            (&later.replace("-01", "-fe"), Some(&*TRACE.replace("-01", "-00"))),
            // What is none.
            ("", None),
            (&TRACE.replacen("00", "ff", 1), None),
            (&TRACE.to_uppercase(), None),
            (&format!("{TRACE}-00"), None),
            (&format!("{later}x"), None),
            (&TRACE.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)), None),
            (&TRACE.replace("b7ad6b7169203331", &"0".repeat(16)), None),
            (&TRACE.replace("0af7", "0ag7"), None),
            (&TRACE.replace("0af7", "af7"), None),
            (&TRACE.replace('-', "_"), None),
            (&format!("{TRACE}\r\nx-forged: 1"), None),
            (&format!("{TRACE},{TRACE}"), None),
            (&TRACE.replace("0af7", "0äf"), None),
        ] {
            assert_eq!(of(&[("TraceParent", text)]).map(|(parent, _)| parent).as_deref(), expected, "{text:?}");
        }
        assert_eq!(of(&[("traceparent", TRACE), ("Traceparent", TRACE)]), None, "two of them");
        assert_eq!(of(&[("tracestate", "a=1")]), None, "none of them");
        assert_eq!(TraceContext::of_headers([("traceparent", b"\xff")]), None, "no text");
    }

    #[test]
    fn a_tracestate_goes_along_or_is_left_out() {
        let many = |count: usize| (0..count).map(|nth| format!("k{nth}=v")).collect::<Vec<_>>().join(",");
        let long = |length: usize| "v".repeat(length);
        let wide = |count: usize| (1..=count).map(|nth| format!("k{nth}={}", long(120))).collect::<Vec<_>>().join(",");
        for (text, expected) in [
            ("rojo=1,congo=t61rcWkgMzE", Some("rojo=1,congo=t61rcWkgMzE")),
            (" a=1 ,\t, b=2 3,", Some("a=1,b=2 3")),
            ("fw529a3039@dt=FfAAA,0a=x", Some("fw529a3039@dt=FfAAA,0a=x")),
            (&many(32), Some(&*many(32))),
            (&many(33), None),
            (&format!("k={}", long(256)), Some(&*format!("k={}", long(256)))),
            (&format!("k={}", long(257)), None),
            (&format!("{}=v", "k".repeat(257)), None),
            ("a=1,a=2", None),
            ("A=1", None),
            ("_a=1", None),
            ("a", None),
            ("a=", None),
            ("=1", None),
            ("a=1=2", None),
            ("a=\u{7}", None),
            ("a=1\r\nx: y", None),
            ("a=ü", None),
            ("", None),
            (" , ,", None),
            // The large ones first, and then from the end.
            (&format!("a={},b=2,c={}", long(250), long(250)), Some(&*format!("a={},b=2,c={}", long(250), long(250)))),
            (&format!("a={},b=2,c={}", long(256), long(256)), Some(&*format!("a={},b=2", long(256)))),
            (&wide(5), Some(&*wide(4))),
        ] {
            let found = of(&[("traceparent", TRACE), ("TraceState", text)]).unwrap();
            assert_eq!((found.0.as_str(), found.1.as_deref()), (TRACE, expected), "{text:?}");
        }
        let two = [("tracestate", "a=1"), ("traceparent", TRACE), ("tracestate", "b=2")];
        assert_eq!(of(&two).unwrap().1.as_deref(), Some("a=1,b=2"), "a list in two headers");
        let broken: [(&str, &[u8]); 3] =
            [("traceparent", TRACE.as_bytes()), ("tracestate", b"\xff"), ("tracestate", b"b=2")];
        assert_eq!(TraceContext::of_headers(broken).unwrap().tracestate(), None, "a part is no text");
    }
}
