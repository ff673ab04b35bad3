//! Tokens, codes and installations as JSON, to be restored by another server.
//!
//! Times are seconds since 1970, because servers start at different times.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::claims::{Claims, Reach};
use super::installation::Installation;
use super::store::{AccessToken, AuthorizationCode, Inner, RefreshToken, Rotation, TokenStore};
use crate::account::AccountId;

impl TokenStore {
    /// Returns all tokens, codes and installations. `started` is the server's start, as time since
    /// 1970.
    pub(crate) fn snapshot(&self, started: Duration) -> Value {
        let inner = self.inner();
        let time = |time: Duration| (started + time).as_secs_f64();
        let access = |(token, access): (&String, &AccessToken)| {
            json!({
                "token": token,
                "claims": claims(&access.claims),
                "expires": access.expires.map(time),
                "family": access.family,
                "revoked": access.revoked,
            })
        };
        let refresh = |(token, refresh): (&String, &RefreshToken)| {
            json!({
                "token": token,
                "claims": claims(&refresh.claims),
                "company": refresh.company,
                "expires": time(refresh.expires),
                "family": refresh.family,
                "revoked": refresh.revoked,
                "used": refresh.used.as_ref().map(|used| json!({
                    "at": time(used.at), "access": used.access, "refresh": used.refresh,
                })),
            })
        };
        let code = |(code, entry): (&String, &AuthorizationCode)| {
            json!({
                "code": code,
                "claims": claims(&entry.claims),
                "redirectUri": entry.redirect_uri,
                "expires": time(entry.expires),
            })
        };
        let installations = inner.installations.iter().map(|((app, _), one)| {
            json!({
                "app": app, "location": one.location, "company": one.company, "name": one.name,
                "address": one.address, "isInstalled": one.is_installed, "onTrial": one.on_trial,
                "planId": one.plan_id, "versionId": one.version_id,
            })
        });
        let mut private: Vec<_> = inner.configured.iter().collect();
        private.sort_by_key(|(token, _)| *token);
        let mut inactive: Vec<&String> = inner.inactive_locations.iter().collect();
        inactive.sort();
        json!({
            "random": inner.random.get_seed().to_string(),
            "families": inner.families,
            "private": private.into_iter().map(access).collect::<Vec<_>>(),
            "access": inner.access.iter().map(access).collect::<Vec<_>>(),
            "refresh": inner.refresh.iter().map(refresh).collect::<Vec<_>>(),
            "codes": inner.codes.iter().map(code).collect::<Vec<_>>(),
            "installations": installations.collect::<Vec<_>>(),
            "inactiveLocations": inactive,
        })
    }

    /// Adds the tokens, codes and installations of a snapshot. The tokens of the settings stay
    /// valid, unless the snapshot has them revoked or expired.
    ///
    /// # Errors
    /// Fails with a message if the snapshot is damaged.
    pub(crate) fn restore(&self, snapshot: &Value, started: Duration) -> Result<(), String> {
        let mut inner = self.inner();
        restored(&mut inner, snapshot, started)
            .ok_or_else(|| "the tokens are damaged or of another version".to_owned())
    }
}

fn restored(inner: &mut Inner, snapshot: &Value, started: Duration) -> Option<()> {
    let time = |value: &Value| {
        let time = Duration::try_from_secs_f64(value.as_f64()?).ok()?;
        Some(time.saturating_sub(started))
    };
    let list = |name: &str| snapshot[name].as_array();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    inner
        .random
        .seed(snapshot["random"].as_str()?.parse().ok()?);
    inner.families = snapshot["families"].as_u64()?;
    for (name, is_private) in [("private", true), ("access", false)] {
        for one in list(name)? {
            let token = text(&one["token"])?;
            let access = AccessToken {
                claims: read_claims(&one["claims"])?,
                expires: time(&one["expires"]),
                family: one["family"].as_u64(),
                revoked: one["revoked"].as_bool()?,
            };
            if is_private {
                inner.configured.insert(token, access);
            } else {
                inner.access.insert(token, access);
            }
        }
    }
    for one in list("refresh")? {
        let used = one["used"].as_object().map(|used| {
            Some(Rotation {
                at: time(&used["at"])?,
                access: text(&used["access"])?,
                refresh: text(&used["refresh"]),
            })
        });
        let refresh = RefreshToken {
            claims: read_claims(&one["claims"])?,
            company: text(&one["company"])?,
            expires: time(&one["expires"])?,
            family: one["family"].as_u64()?,
            used: match used {
                None => None,
                Some(used) => Some(used?),
            },
            revoked: one["revoked"].as_bool()?,
        };
        inner.refresh.insert(text(&one["token"])?, refresh);
    }
    for one in list("codes")? {
        let code = AuthorizationCode {
            claims: read_claims(&one["claims"])?,
            redirect_uri: text(&one["redirectUri"]),
            expires: time(&one["expires"])?,
        };
        inner.codes.insert(text(&one["code"])?, code);
    }
    for one in list("installations")? {
        let mut installation = Installation::from(text(&one["location"])?);
        installation.company = text(&one["company"])?;
        installation.name = text(&one["name"])?;
        installation.address = text(&one["address"])?;
        installation.is_installed = one["isInstalled"].as_bool()?;
        installation.on_trial = one["onTrial"].as_bool()?;
        installation.plan_id = text(&one["planId"]);
        installation.version_id = text(&one["versionId"]);
        let key = (text(&one["app"])?, installation.location.clone());
        inner.installations.insert(key, installation);
    }
    let inactive = list("inactiveLocations")?.iter();
    inner.inactive_locations.extend(inactive.filter_map(text));
    Some(())
}

fn claims(claims: &Claims) -> Value {
    let mut object = Map::new();
    let (name, id) = match &claims.account {
        AccountId::Location(id) => ("location", id),
        AccountId::Company(id) => ("company", id),
    };
    object.insert(name.to_owned(), id.as_str().into());
    object.insert("app".to_owned(), claims.app.as_str().into());
    object.insert("scopes".to_owned(), json!(claims.scopes));
    let everything = claims.reach == Reach::Everything;
    object.insert("everything".to_owned(), everything.into());
    Value::Object(object)
}

fn read_claims(value: &Value) -> Option<Claims> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let location = text("location").map(AccountId::Location);
    let scopes = value["scopes"].as_array().map(|scopes| {
        let scopes = scopes.iter().filter_map(Value::as_str);
        scopes.map(str::to_owned).collect()
    });
    Some(Claims {
        account: location.or_else(|| text("company").map(AccountId::Company))?,
        scopes,
        app: text("app")?,
        reach: match value["everything"].as_bool()? {
            true => Reach::Everything,
            false => Reach::Own,
        },
    })
}
