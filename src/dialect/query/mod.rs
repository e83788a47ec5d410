//! Query encoding: parameters as `name=value` pairs in a form body or a query string.

mod client;
mod server;

pub(super) use client::encode_request;
pub(super) use server::{Endpoint, accepted_first, decode_request, wants_json_only};

#[cfg(test)]
mod tests;
