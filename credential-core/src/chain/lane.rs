//! One entry on its way through an exchange.
//!
//! ```text
//!         its turn         worth            its turn
//!         to load          a try            to be tried
//!  Idle ──────────► Loading ──────► Ready ──────────────► presented ──────► accepted or stopped:
//!   ▲ │             ▲ │   │           ▲                    ▲ │    │         the walk is over
//!   │ │             └─┘   │           │                    └─┘    │
//!   │ │    outdated: look │           │     refused: once, other  │
//!   │ │        once more  │ failed or │     material or a fresh   │ refused and no other,
//!   │ │                   │ refused   │     assertion             │ or unusable
//!   │ │ in back-off       ▼           │                           │
//!   │ └────────────────► Done ◄───────┼───────────────────────────┘
//!   └─────────────────────┴───────────┘
//!   anew: what was left     a last chance: its failure
//!   alone is tried          may pass, and nothing else worked
//! ```
//!
//! *Presented* is no state of its own: it lasts as long as a turn does.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use super::slot::{LoadResult, Slot};
use crate::SourceError;
use crate::credential::Presented;
use crate::world::Moment;

/// One entry on its way through an exchange.
pub(crate) struct Lane<'a> {
    pub(crate) slot: Arc<Slot>,
    pub(crate) state: State<'a>,
    pub(crate) started: Moment,
    /// Why what is tried is not the newest.
    pub(crate) degraded_by: Option<SourceError>,
    /// Nothing was tried: it is left alone for what happened before.
    pub(crate) left_alone: bool,
}

/// Where it is.
pub(crate) enum State<'a> {
    Idle,
    Loading(Pin<Box<dyn Future<Output = LoadResult> + Send + 'a>>),
    Ready(Presented),
    Done,
}

/// How an attempt at one lane ended.
pub(crate) enum Turn<T, E> {
    Accepted(T),
    Stopped(E),
    Refused,
}

/// The first load that ends, by position when several have. Pending for ever when none is under way.
pub(crate) async fn first_ended(lanes: &mut [Lane<'_>]) -> (usize, LoadResult) {
    poll_fn(|context| {
        for (position, lane) in lanes.iter_mut().enumerate() {
            if let State::Loading(load) = &mut lane.state
                && let Poll::Ready(result) = load.as_mut().poll(context)
            {
                return Poll::Ready((position, result));
            }
        }
        Poll::Pending
    })
    .await
}
