//! Sending a request, and again while that may help.

use super::Retries;
use crate::World;
use crate::world::{HttpError, HttpRequest, HttpResponse, Moment};

impl World {
    /// Sends a request as [`send`](Self::send) does, and again as the retries have it, where the pause ends before the
    /// deadline; gives what became of the last one. Each request has its own time-out, or the little less than there is
    /// until the deadline: its own failure says more than that nobody waits any longer.
    ///
    /// # Errors
    /// As [`send`](Self::send), of the last request. An answer of any status is an answer.
    pub async fn send_patiently(
        &self,
        request: HttpRequest,
        retries: &Retries,
        deadline: Moment,
    ) -> Result<HttpResponse, HttpError> {
        let first = self.send(self.in_time(&request, deadline)).await;
        self.send_again(first, request, retries, deadline, |_| ()).await
    }

    /// The same, where the first request has been sent already; `waits` is told before each pause what the pause is
    /// for, so that whoever leaves meanwhile can say it.
    ///
    /// # Errors
    /// As [`send_patiently`](Self::send_patiently).
    pub async fn send_again(
        &self,
        first: Result<HttpResponse, HttpError>,
        request: HttpRequest,
        retries: &Retries,
        deadline: Moment,
        mut waits: impl FnMut(&Result<HttpResponse, HttpError>),
    ) -> Result<HttpResponse, HttpError> {
        let (clock, mut last, mut sent) = (&*self.clock, first, 1);
        while let Some(pause) = retries.pause(&last, sent, clock.now(), self.jitter())
            && pause < deadline.since(clock.moment())
        {
            waits(&last);
            clock.sleep_until(clock.moment().after(pause)).await;
            last = self.send(self.in_time(&request, deadline)).await;
            sent += 1;
        }
        last
    }

    fn in_time(&self, request: &HttpRequest, deadline: Moment) -> HttpRequest {
        let limit = deadline.since(self.clock.moment()).mul_f64(0.95);
        request.clone().timeout(request.timeout.min(limit))
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::FakeWorld;
    use crate::world::HttpErrorKind;

    const PAUSES: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(2)];
    const RETRIES: Retries = Retries::new(
        |status| if status == 503 { PAUSES } else { &[] },
        |failure| if failure == HttpErrorKind::Broken { PAUSES } else { &[] },
    );

    /// What came of it, how many requests were sent, and how long it took.
    async fn sent(answers: &[u16], retry_after: &str, seconds: u64) -> (Option<u16>, usize, u64) {
        let fake = FakeWorld::new();
        for status in answers {
            fake.http.reply(match status {
                0 => Err(HttpError::new(HttpErrorKind::Broken, "it broke")),
                status => Ok(HttpResponse::new(*status, vec![("Retry-After".to_owned(), retry_after.to_owned())], "")),
            });
        }
        let (world, clock) = (fake.world(), fake.clock.clone());
        let deadline = world.clock.moment().after(Duration::from_secs(seconds));
        let work = world.send_patiently(HttpRequest::get("https://x.example"), &RETRIES, deadline);
        let ticks = async {
            loop {
                tokio::task::yield_now().await;
                clock.advance(Duration::from_millis(100));
            }
        };
        let last = tokio::select! { biased; last = work => last, () = ticks => unreachable!() };
        let took = world.clock.moment().since(Moment::default()).as_secs();
        (last.ok().map(|answer| answer.status), fake.http.requests().len(), took)
    }

    #[tokio::test]
    async fn what_a_pause_is_for_is_told() {
        let fake = FakeWorld::new();
        fake.http.answer(200, "");
        let (world, mut heard) = (fake.world(), Vec::new());
        let deadline = world.clock.moment().after(Duration::from_secs(60));
        let first = Ok(HttpResponse::new(503, Vec::new(), ""));
        let waits = |last: &Result<HttpResponse, HttpError>| heard.push(last.as_ref().unwrap().status);
        let work = world.send_again(first, HttpRequest::get("https://x.example"), &RETRIES, deadline, waits);
        let ticks = async {
            tokio::task::yield_now().await;
            fake.clock.advance(Duration::from_secs(1));
        };
        let (last, ()) = tokio::join!(work, ticks);
        assert_eq!((last.unwrap().status, heard), (200, vec![503]));
    }

    #[tokio::test]
    async fn it_is_sent_again_while_that_may_help_and_there_is_time() {
        assert_eq!(sent(&[200], "", 60).await, (Some(200), 1, 0));
        assert_eq!(sent(&[503, 0, 200], "", 60).await, (Some(200), 3, 3));
        assert_eq!(sent(&[503, 503, 503, 200], "", 60).await, (Some(503), 3, 3));
        assert_eq!(sent(&[404, 200], "", 60).await, (Some(404), 1, 0));
        assert_eq!(sent(&[0, 0, 0], "", 60).await, (None, 3, 3));
        // What is asked for beyond the deadline is not waited for: the answer is there at once.
        assert_eq!(sent(&[503, 200], "20", 60).await, (Some(200), 2, 20));
        assert_eq!(sent(&[503, 200], "60", 60).await, (Some(503), 1, 0));
        assert_eq!(sent(&[503, 200], "Thu, 01 Jan 2026 00:00:30 GMT", 60).await, (Some(200), 2, 30));
    }
}
