//! BER to DER: NSS and some vendors write containers with indefinite lengths and strings in pieces.

use std::borrow::Cow;

use crate::der::{self, OCTET_STRING};
use crate::error::Malformed;

/// Deepest nesting of elements that is followed; a PFX has eleven levels.
pub(crate) const MAX_NESTING: usize = 16;

/// How much longer DER may be: an open end takes four bytes, the head of 64 KiB or more takes five,
/// and a megabyte nested to the end has fewer than 300 such.
const LONGER_HEADS: usize = 512;

const CONSTRUCTED: u8 = 0x20;
const END_OF_CONTENTS: [u8; 2] = [0, 0];

/// The first element of the input in DER, borrowed where it is in DER already; what follows is left out.
///
/// # Errors
/// For broken lengths and for nesting beyond [`MAX_NESTING`].
pub(crate) fn to_der(input: &[u8]) -> Result<Cow<'_, [u8]>, Malformed> {
    let (length, plain) = measure(input, 0)?;
    let first = input.get(..length).unwrap_or_default();
    if plain {
        return Ok(Cow::Borrowed(first));
    }
    // Decrypted contents pass through here too: room for all at once leaves no copy behind.
    let mut out = Vec::with_capacity(length + LONGER_HEADS);
    convert(first, &mut out)?;
    Ok(Cow::Owned(out))
}

/// How long the first element is, and whether it is DER as far as its parts are visible.
fn measure(input: &[u8], depth: usize) -> Result<(usize, bool), Malformed> {
    if depth > MAX_NESTING {
        return Err(Malformed("elements nested deeper than MAX_NESTING (16)"));
    }
    let (tag, length, at) = der::head(input)?;
    let body = input.get(at..).unwrap_or_default();
    let body = match length {
        Some(length) => body.get(..length).ok_or(Malformed("it ends early"))?,
        None if tag & CONSTRUCTED != 0 => body,
        None => return Err(Malformed("an indefinite length on a primitive element")),
    };
    let mut plain = length.is_some() && tag != OCTET_STRING | CONSTRUCTED;
    if tag & CONSTRUCTED == 0 {
        return Ok((at + body.len(), plain));
    }
    let mut rest = body;
    while !rest.is_empty() {
        if length.is_none() && rest.starts_with(&END_OF_CONTENTS) {
            return Ok((at + body.len() - rest.len() + 2, false));
        }
        let (size, child) = measure(rest, depth + 1)?;
        plain &= child;
        rest = rest.get(size..).unwrap_or_default();
    }
    if length.is_none() { Err(Malformed("it ends early")) } else { Ok((at + body.len(), plain)) }
}

/// Writes the first element in DER and gives what follows it. Depth was checked by `measure`.
fn convert<'a>(input: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Malformed> {
    let (tag, length, at) = der::head(input)?;
    let (body, after) = split(input, at, length)?;
    if tag & CONSTRUCTED == 0 {
        der::write(out, tag, body);
        return Ok(after);
    }
    // In place, so that depth costs no memory: the content first, then the head, moved before it.
    let start = out.len();
    let is_string = tag == OCTET_STRING | CONSTRUCTED;
    let after = convert_inside(body, after, length.is_none(), is_string, out)?;
    let size = out.len() - start;
    der::write_head(out, if is_string { OCTET_STRING } else { tag }, size);
    let head = out.len() - start - size;
    if let Some(written) = out.get_mut(start..) {
        written.rotate_right(head);
    }
    Ok(after)
}

/// Writes what stands in a constructed element and gives what follows the element.
fn convert_inside<'a>(
    mut rest: &'a [u8],
    after: &'a [u8],
    is_open: bool,
    is_string: bool,
    out: &mut Vec<u8>,
) -> Result<&'a [u8], Malformed> {
    loop {
        if is_open && let Some(after) = rest.strip_prefix(&END_OF_CONTENTS) {
            return Ok(after);
        }
        if !is_open && rest.is_empty() {
            return Ok(after);
        }
        rest = if is_string { append_piece(rest, out)? } else { convert(rest, out)? };
    }
}

/// Appends the content of a piece of a string, which may be in pieces itself.
fn append_piece<'a>(input: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Malformed> {
    let (tag, length, at) = der::head(input)?;
    let (body, after) = split(input, at, length)?;
    if tag == OCTET_STRING | CONSTRUCTED {
        return convert_inside(body, after, length.is_none(), true, out);
    }
    if tag != OCTET_STRING {
        return Err(Malformed("a string with something else between its pieces"));
    }
    out.extend_from_slice(body);
    Ok(after)
}

fn split(input: &[u8], at: usize, length: Option<usize>) -> Result<(&[u8], &[u8]), Malformed> {
    let body = input.get(at..).unwrap_or_default();
    match length {
        Some(length) => body.split_at_checked(length).ok_or(Malformed("it ends early")),
        None => Ok((body, &[])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indefinite_lengths_and_strings_in_pieces_become_der() {
        let ber = [0x30, 0x80, 0x24, 0x80, 4, 2, 1, 2, 0x24, 3, 4, 1, 3, 0, 0, 2, 1, 5, 0, 0, 9, 9];
        assert_eq!(&*to_der(&ber).unwrap(), [0x30, 8, 4, 3, 1, 2, 3, 2, 1, 5]);
    }

    #[test]
    fn der_is_borrowed_and_trailing_bytes_are_cut() {
        let der = [0x30, 3, 2, 1, 5, 0];
        assert!(matches!(to_der(&der).unwrap(), Cow::Borrowed(found) if found == &der[..5]));
    }

    #[test]
    fn depth_and_open_ends_are_refused() {
        let deep: Vec<u8> = std::iter::repeat_n([0x30, 0x80], 5000).flatten().collect();
        assert!(to_der(&deep).unwrap_err().0.contains("MAX_NESTING"));
        assert!(to_der(&[0x30, 0x80, 2, 1, 5]).is_err());
        assert!(to_der(&[0x04, 0x80, 0, 0]).is_err());
        assert!(to_der(&[0x24, 0x80, 2, 1, 5, 0, 0]).is_err());
    }
}
