//! Lists of the vault, up to a bound.

use std::pin::pin;

use azure_core::http::{ItemIterator, pager::Page};
use futures_core::Stream;

/// The most entries of a list that are read.
const MAX_ENTRIES: usize = 500;

/// The entries of all pages, up to [`MAX_ENTRIES`]: what a longer list has beyond it is not looked at.
pub(super) async fn all<P: Page + Send>(list: ItemIterator<P>) -> azure_core::Result<Vec<P::Item>> {
    let mut list = pin!(list);
    let mut found = Vec::new();
    while found.len() < MAX_ENTRIES {
        match std::future::poll_fn(|context| list.as_mut().poll_next(context)).await {
            Some(Ok(item)) => found.push(item),
            Some(Err(error)) => return Err(error),
            None => break,
        }
    }
    Ok(found)
}
