//! The reference's ECS as an endpoint without the network: login and logout, tokens and signatures, a namespace, then the API. Pure,
//! like the core.

use super::endpoint::{Exchange, signer, too_long};
use super::management::{Management, Manager, Pass};
use super::namespaces::Namespaces;
use super::{Faults, Ids, Principal, Settings};
use crate::api::DialectId;
use crate::dialect::{ApiError, Dialect, Request, Response, dialect};

/// The namespaces of an ECS behind its management layer.
pub struct EcsEndpoint {
    dialect: &'static dyn Dialect,
    settings: Settings,
    management: Management,
    namespaces: Namespaces,
    ids: Ids,
    faults: Faults,
}

impl EcsEndpoint {
    /// An endpoint with an empty account for each of `namespaces`, or for the one that `settings` name. `seed` decides every id,
    /// secret and token that it will make. `None`: the settings are not those of an ECS.
    pub fn new(settings: Settings, manager: Manager, namespaces: &[String], seed: u64, faults: Faults) -> Option<EcsEndpoint> {
        let dialect = dialect(settings.dialect).filter(|dialect| dialect.id() == DialectId::Ecs)?;
        let settings = faults.misjudge(settings);
        let namespaces = Namespaces::new(&settings, namespaces);
        Some(EcsEndpoint { dialect, settings, management: Management::new(manager), namespaces, ids: Ids::new(seed), faults })
    }

    /// The same, with login tokens that expire after so many uses; none: only time does it.
    pub fn with_token_uses(self, uses: Option<u32>) -> EcsEndpoint {
        EcsEndpoint { management: self.management.with_token_uses(uses), ..self }
    }

    /// The accounts as they are now.
    pub fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }

    /// Answers a request, which must have its `Host` header, at `now` (seconds since 1970, UTC).
    pub fn answer(&mut self, request: &Request, now: i64) -> Response {
        if let Some(refusal) = too_long(request, &self.faults) {
            return refusal;
        }
        if let Some(response) = self.management.answer(request, now, &mut self.ids) {
            return response;
        }
        let pass = match self.management.admit(request, now, &self.faults) {
            Ok(pass) => pass,
            Err(refusal) => return self.faults.turn_away(refusal, self.dialect, request),
        };
        if let Some(refusal) = self.faults.refuse(request) {
            return refusal;
        }
        let exchange = Exchange::read(self.dialect, request, &mut self.ids, &self.faults);
        let (namespace, sender) = match self.sender(pass, request, now) {
            Ok((namespace, principal)) => (namespace, Ok(principal)),
            Err(refusal) => (self.settings.account.clone(), Err(refusal)),
        };
        exchange.carry_out(self.namespaces.account(&namespace), sender, now, &mut self.ids, &self.faults)
    }

    /// Whether a response is kept back on purpose.
    pub(super) fn keeps_back(&self, response: &Response) -> bool {
        self.faults.silences(response)
    }

    /// In which namespace a request acts, and for whom.
    fn sender(&self, pass: Pass, request: &Request, now: i64) -> Result<(String, Principal), ApiError> {
        let (namespaces, faults) = (&self.namespaces, &self.faults);
        if pass == Pass::Manager {
            return Ok((namespaces.named(request, faults)?.to_owned(), Principal::Root));
        }
        let find = |id: &str| namespaces.accounts().find_map(|account| account.any_key(id));
        let key = signer(request, &self.settings, now, faults, &find)?;
        // A key that nobody has gets here only with a rule broken on purpose.
        let namespace = key.as_deref().and_then(|id| namespaces.of_key(id, faults)).unwrap_or(&self.settings.account);
        let holder = namespaces.accounts().find(|account| account.settings.account == namespace);
        Ok((namespace.to_owned(), holder.map_or(Principal::Root, |account| account.principal_of(key.as_deref()))))
    }
}

#[cfg(all(test, feature = "net"))]
#[path = "ecs_endpoint_tests.rs"]
mod tests;
