//! `hoopai logout`: removes the stored credentials of a profile.

use hoopai_auth::{AccountId, OAuthApp, TokenManager};

use crate::account::{Credentials, Profiles, Storage, oauth_handle};
use crate::directory::Directory;
use crate::failure::{Failure, Result};
use crate::options::Options;

pub(crate) async fn run(options: &Options) -> Result {
    let directory = Directory::find()?;
    let (name, removed, others) = Profiles::change(&directory, |profiles| {
        let name = options
            .profile
            .clone()
            .unwrap_or_else(|| profiles.default_name().to_owned());
        let removed = profiles
            .remove(&name)
            .ok_or_else(|| Failure::usage(format_args!("there is no profile `{name}`")))?;
        let others: Vec<_> = profiles
            .iter()
            .map(|(_, profile)| profile.clone())
            .collect();
        Ok((name, removed, others))
    })?;
    if let Credentials::OAuthApp {
        client_id,
        client_secret,
        redirect_uri,
    } = &removed.credentials
    {
        // Tokens are removed without a request, so the client secret is not read.
        let app = OAuthApp::new(client_id, "not-sent", redirect_uri);
        let in_keychain = client_secret.is_in_keychain();
        let storage = Storage::open(in_keychain)?;
        let handle = oauth_handle(app, removed.base_url.as_deref(), &directory, &storage)?;
        let manager = TokenManager::of(&handle)?;
        let of = |profile: &crate::account::Profile| match &profile.credentials {
            Credentials::OAuthApp {
                client_id: other,
                client_secret: secret,
                ..
            } if other == client_id && secret.is_in_keychain() == in_keychain => [
                profile.location.clone().map(AccountId::Location),
                profile.company.clone().map(AccountId::Company),
            ],
            _ => [None, None],
        };
        let kept: Vec<_> = others.iter().flat_map(of).flatten().collect();
        // Tokens that another profile uses stay.
        for account in of(&removed).into_iter().flatten() {
            if !kept.contains(&account) {
                manager.forget(account).await?;
            }
        }
    }
    removed.credentials.secret().forget()?;
    eprintln!(
        "removed the profile `{name}`; its credentials remain valid until they are revoked in HoopAI"
    );
    Ok(())
}
