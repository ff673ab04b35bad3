//! The page where users choose the location or agency in which they install an app.

use http::{Method, StatusCode};

use crate::exchange::{Incoming, Outgoing};
use crate::refusal::Refusal;
use crate::tokens::{AccountId, Grant};
use crate::world::World;

/// The paths of the page.
pub(crate) const CHOOSERS: [&str; 2] = ["/oauth/chooselocation", "/v2/oauth/chooselocation"];

/// `GET /oauth/chooselocation`, which lies outside the interface. In place of a page it has a user who chose already: it redirects at once to
/// the app with `code` and, where one was sent, `state`. The choice is what the server was set to, or what `locationId` or `companyId` in the
/// query names, which the platform's page does not have.
pub(crate) fn chooser(world: &World, incoming: &Incoming) -> Option<Result<Outgoing, Refusal>> {
    if incoming.method != Method::GET || !CHOOSERS.contains(&incoming.path.as_str()) {
        return None;
    }
    Some(choose(world, incoming))
}

fn choose(world: &World, incoming: &Incoming) -> Result<Outgoing, Refusal> {
    let need = |name: &str| {
        let missing = || Refusal::bad_request(format!("{name} is missing"));
        incoming.query(name).ok_or_else(missing)
    };
    if need("response_type")? != "code" {
        return Err(Refusal::bad_request("response_type must be code"));
    }
    let app = world
        .tokens
        .app(need("client_id")?)
        .ok_or_else(|| Refusal::bad_request("client_id is unknown"))?;
    let redirect_uri = need("redirect_uri")?;
    if redirect_uri != app.redirect_uri {
        return Err(Refusal::bad_request(
            "redirect_uri is not the one of the app",
        ));
    }
    let asked = incoming.query("scope").map(|scope| {
        let scopes = scope.split_whitespace().map(str::to_owned);
        scopes.collect::<Vec<_>>()
    });
    let scopes = match (asked.filter(|asked| !asked.is_empty()), &app.scopes) {
        (Some(asked), Some(own)) => {
            if let Some(scope) = asked.iter().find(|scope| !own.contains(scope)) {
                let message = format!("The app does not have the scope {scope}");
                return Err(Refusal::bad_request(message));
            }
            Some(asked)
        }
        (asked, own) => asked.or_else(|| own.clone()),
    };
    let resource = match (incoming.query("locationId"), incoming.query("companyId")) {
        (Some(id), _) => AccountId::Location(id.to_owned()),
        (None, Some(id)) => AccountId::Company(id.to_owned()),
        (None, None) => world.tokens.choice(),
    };
    let grant = Grant::own(resource, scopes, &app.client_id);
    let now = world.clock.now();
    let locations = world.state.locations(&grant.resource);
    let redirect_uri = redirect_uri.to_owned();
    let code = world
        .tokens
        .issue_code(grant, Some(redirect_uri.clone()), locations, now);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", &code);
    if let Some(state) = incoming.query("state") {
        query.append_pair("state", state);
    }
    let joint = if redirect_uri.contains('?') { '&' } else { '?' };
    let target = format!("{redirect_uri}{joint}{}", query.finish());
    Ok(Outgoing::empty(StatusCode::FOUND).with("location", target))
}
