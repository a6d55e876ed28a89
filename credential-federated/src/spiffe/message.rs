//! The two messages of `FetchJWTSVID` in the encoding of Protocol Buffers
//! (<https://protobuf.dev/programming-guides/encoding/>; fields: SPIFFE's `workload.proto`).

/// The wire type of texts and messages: a length, and as many bytes.
const DELIMITED: u64 = 2;

/// `JWTSVIDRequest`: the audience, and the SPIFFE ID that is wanted.
pub(super) fn question(audience: &str, spiffe_id: Option<&str>) -> Vec<u8> {
    let mut message = Vec::new();
    for (number, text) in [(1, Some(audience)), (2, spiffe_id)] {
        if let Some(text) = text {
            varint(number << 3 | DELIMITED, &mut message);
            varint(text.len() as u64, &mut message);
            message.extend_from_slice(text.as_bytes());
        }
    }
    message
}

/// One identity document.
#[derive(PartialEq, Eq)]
pub(super) struct Svid<'a> {
    pub(super) spiffe_id: &'a str,
    /// The JWT.
    pub(super) token: &'a str,
}

/// The documents in a `JWTSVIDResponse`, in their order; `None` where it is none.
pub(super) fn svids(message: &[u8]) -> Option<Vec<Svid<'_>>> {
    let documents = fields(message)?;
    let documents = documents.into_iter().filter(|(number, _)| *number == 1);
    documents
        .map(|(_, document)| {
            let mut svid = Svid { spiffe_id: "", token: "" };
            for (number, content) in fields(document)? {
                match number {
                    1 => svid.spiffe_id = std::str::from_utf8(content).ok()?,
                    2 => svid.token = std::str::from_utf8(content).ok()?,
                    _ => {}
                }
            }
            Some(svid)
        })
        .collect()
}

/// The fields that are texts or messages; numbers are passed over.
fn fields(mut message: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = take_varint(&mut message)?;
        match key & 7 {
            0 => {
                take_varint(&mut message)?;
            }
            1 => message = message.get(8..)?,
            DELIMITED => {
                let length = usize::try_from(take_varint(&mut message)?).ok()?;
                let (content, rest) = message.split_at_checked(length)?;
                fields.push((key >> 3, content));
                message = rest;
            }
            5 => message = message.get(4..)?,
            _ => return None,
        }
    }
    Some(fields)
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As protoc writes them.
    #[test]
    fn messages_are_those_of_protocol_buffers() {
        assert_eq!(question("api://a", None), b"\x0a\x07api://a");
        assert_eq!(question("a", Some("spiffe://b")), b"\x0a\x01a\x12\x0aspiffe://b");
        let long = "x".repeat(300);
        assert_eq!(question(&long, None)[..3], *b"\x0a\xac\x02");
        let answer = b"\x0a\x09\x0a\x02id\x12\x03jwt\x0a\x0d\x0a\x03id2\x12\x01t\x1a\x03hin\x20\x05";
        let found = svids(answer).unwrap();
        assert_eq!(
            found.iter().map(|svid| (svid.spiffe_id, svid.token)).collect::<Vec<_>>(),
            [("id", "jwt"), ("id2", "t")]
        );
        assert_eq!(svids(b"").map(|found| found.len()), Some(0));
        // Fields that are not known, of every kind.
        assert_eq!(
            svids(b"\x50\x01\x59\x00\x00\x00\x00\x00\x00\x00\x00\x65\x00\x00\x00\x00\x12\x01a")
                .map(|found| found.len()),
            Some(0)
        );
    }

    #[test]
    fn what_is_cut_off_or_none_is_nothing() {
        let good: &[u8] = b"\x0a\x09\x0a\x02id\x12\x03jwt";
        for length in 1..good.len() {
            assert!(svids(&good[..length]).is_none(), "{length}");
        }
        for bad in [
            &b"\x0b"[..],
            b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x0a\x03\x0a\x01\xff",
        ] {
            assert!(svids(bad).is_none(), "{bad:?}");
        }
    }
}
