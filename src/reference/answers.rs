//! What can be asked without a network: the seam between the reference and whoever calls it in the same process.

use super::{EcsEndpoint, Endpoint};
use crate::dialect::{Request, Response};

/// Something that answers requests in this process.
pub trait Answers {
    /// The response to a request, which must have its `Host` header, at `now` (seconds since 1970, UTC). `None`: the connection would
    /// be closed without one.
    fn answer(&mut self, request: &Request, now: i64) -> Option<Response>;
}

impl Answers for Endpoint {
    fn answer(&mut self, request: &Request, now: i64) -> Option<Response> {
        let response = Endpoint::answer(self, request, now);
        (!self.keeps_back(&response)).then_some(response)
    }
}

impl Answers for EcsEndpoint {
    fn answer(&mut self, request: &Request, now: i64) -> Option<Response> {
        let response = EcsEndpoint::answer(self, request, now);
        (!self.keeps_back(&response)).then_some(response)
    }
}
